import { isTest, type Rule } from "./files.ts";
import { type Import, importsOf } from "./imports.ts";

/** Which folders the files of a folder may import from, besides their own; a path of two folders allows the second one only. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  shared: [],
  producers: ["shared"],
  consumers: ["shared"],
  // Its rows take the sink's way into the tables, but not through Kafka: that way must exist once only.
  history: ["shared", "consumers/postgres"],
  migrations: ["shared"],
  grafana: [],
  local: ["shared"],
  bench: ["shared", "producers", "consumers", "history", "migrations", "grafana", "local", "tests"],
};

/** Packages that one folder alone may import: all others go through its functions. */
const PORTS: Record<string, string> = {
  kafkajs: "shared/kafka/",
  postgres: "shared/postgres/",
  "prom-client": "shared/telemetry/",
};

const folderOf = (path: string) => path.includes("/") ? path.slice(0, path.indexOf("/")) : "";

/**
 * Imports run one way: entry scripts -> producers, consumers, history -> shared. Only the folder of a port imports its package.
 * Tests and what helps them may import anything; nothing else imports them.
 */
export const layers: Rule = (files) =>
  files.filter(({ path }) => !isTest(path)).flatMap(importsOf).flatMap((edge) => {
    const why = edge.isPackage ? whyNotPackage(edge) : whyNotFile(edge);
    return why === undefined ? [] : [`${edge.from}: must not import ${edge.to}: ${why}`];
  });

function whyNotPackage({ from, to }: Import): string | undefined {
  const port = PORTS[to.split("/")[0]];
  if (port && !from.startsWith(port)) return `only ${port} may import this package`;
}

function whyNotFile({ from, to }: Import): string | undefined {
  const [here, there] = [folderOf(from), folderOf(to)];
  if (here === there) return isTest(to) ? "it is for tests" : undefined;
  if (there === "" || MAY_IMPORT[here]?.some((folder) => to.startsWith(`${folder}/`))) return;
  const allowed = [here, ...MAY_IMPORT[here] ?? []].map((name) => `${name}/`);
  return `files of ${here}/ may import files of ${allowed.join(", ")} only`;
}
