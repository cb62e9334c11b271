/** Holds README.md and the pages of `docs/` to what is there: variables, tables, columns, queries, tasks and links. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { readTasks, root } from "../local/up/tasks.ts";
import { readConfig, sliceNames, variablesOf } from "../shared/config/config.ts";
import { listStreams } from "../shared/list_streams.ts";
import type { Variables } from "../shared/config/variables.ts";
import {
  anchorsOf,
  codesIn,
  commandsIn,
  type Document,
  linksIn,
  readDocuments,
  rowsIn,
} from "./documents.ts";

const documents = await readDocuments();
const documentAt = (path: string): Document => documents.find((one) => one.path === path)!;
const tasks = readTasks();
const read = (name: string) => Deno.readTextFile(new URL(`../${name}`, import.meta.url));

Deno.test("README has fewer than 200 lines", () => {
  assert.ok(documentAt("README.md").text.split("\n").length < 200);
});

Deno.test("every link between the documents leads to a page and a heading that are there", () => {
  let links = 0;
  for (const document of documents) {
    for (const link of linksIn(document)) {
      const [path, anchor] = link.split("#");
      const target = path === "" ? document : documentAt(join(dirname(document.path), path));
      assert.ok(target, `${document.path} links to ${link}`);
      if (anchor) assert.ok(anchorsOf(target).includes(anchor), `${document.path} links to ${link}`);
      links++;
    }
  }
  assert.ok(links > 50, `${links} links`);
});

Deno.test("README links to every page", () => {
  const linked = linksIn(documentAt("README.md"));
  const pages = documents.map(({ path }) => path).filter((path) => path !== "README.md");
  assert.deepEqual(pages.filter((path) => !linked.includes(path)), []);
});

/** The variables of docs/configuration.md with their default as it is said there; undefined for one without. */
function explainedVariables(): Map<string, string | undefined> {
  return new Map(
    rowsIn(documentAt("docs/configuration.md").text).flatMap(([names, , usual]) => {
      const values = codesIn(usual);
      return codesIn(names).map((name, i): [string, string | undefined] => [name, values[i]]);
    }),
  );
}

Deno.test("docs/configuration.md explains every variable, and has the real defaults", async () => {
  const options: Variables = Object.assign({}, ...(await listStreams()).map(({ feed }) => feed?.options));
  const explained = explainedVariables();
  const variables = { ...variablesOf(sliceNames), ...options };
  for (const [name, { fallback }] of Object.entries(variables)) {
    assert.ok(explained.has(name), `${name} is explained`);
    if (fallback !== undefined) assert.equal(explained.get(name) ?? "", fallback, name);
  }
  assert.ok(Object.keys(variables).length > 15);
});

Deno.test("docs/configuration.md explains every variable of .env.example and of the compose files", async () => {
  const files = ["compose.yaml", "compose.cloud.yaml", "compose.producers.yaml", "compose.simulated.yaml"];
  const used = (await Promise.all(files.map(read))).flatMap((text) =>
    [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name)
  );
  const shown = [...(await read(".env.example")).matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
  const explained = explainedVariables();
  assert.deepEqual([...new Set([...used, ...shown])].filter((name) => !explained.has(name)), []);
});

Deno.test("every task that a document names is there", () => {
  const named = documents.flatMap((document) =>
    commandsIn(document).flatMap((command) => /deno(?:@[\d.]+)? task ([a-z:]+)/.exec(command)?.[1] ?? [])
  );
  assert.ok(named.length > 10);
  assert.deepEqual([...new Set(named)].filter((name) => !Object.hasOwn(tasks, name)), []);
});

Deno.test("every task is in a document", () => {
  const codes = rowsIn(documentAt("docs/getting-started.md").text).flatMap(([names]) => codesIn(names))
    .map((code) => code.split(" ")[0]);
  assert.deepEqual(Object.keys(tasks).filter((task) => !codes.includes(task)), []);
});

Deno.test("the symbols that docs/configuration.md names are those that are read by default", () => {
  assert.equal(explainedVariables().get("SYMBOLS"), readConfig({}).symbols.join());
});

/** What `deno task NAME --help` prints, of all tasks, four at a time. */
async function helpOfTasks(): Promise<Map<string, { code: number; stdout: string; stderr: string }>> {
  const helps = new Map();
  const left = Object.keys(tasks);
  const next = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const command = new Deno.Command(Deno.execPath(), {
        args: ["task", "--quiet", name, "--help"],
        cwd: root,
        env: { NO_COLOR: "1" },
      });
      const { code, stdout, stderr } = await command.output();
      const [printed, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      helps.set(name, { code, stdout: printed, stderr: said });
    }
  };
  await Promise.all([next(), next(), next(), next()]);
  return helps;
}

Deno.test("every task explains itself with --help, without a warning; and each option that a document gives it is one that it has", async () => {
  const helps = await helpOfTasks();
  for (const [name, { code, stdout, stderr }] of helps) {
    assert.equal(code, 0, `${name}: ${stderr}`);
    // The task of all workers hands its words to deno run.
    assert.ok(
      stdout.includes(name === "worker" ? "Usage: deno run" : `Usage: deno task ${name}`) ||
        stdout.includes(`  deno task ${name}`),
      stdout,
    );
    assert.equal(stderr, "", name);
  }
  for (const command of documents.flatMap(commandsIn)) {
    const [, name, rest] = /deno(?:@[\d.]+)? task ([a-z:]+)(.*)$/.exec(command) ?? [];
    for (const [option] of (rest ?? "").matchAll(/--[a-z-]+/g)) {
      assert.ok(
        option === "--help" || helps.get(name)!.stdout.includes(option),
        `${command}: ${name} has no ${option}`,
      );
    }
  }
});
