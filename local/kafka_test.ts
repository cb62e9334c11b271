import assert from "node:assert/strict";
import { readConfig } from "../shared/config/config.ts";
import { openKafka } from "../shared/kafka/mod.ts";
import { sleep } from "../shared/wait.ts";
import { readIfThere } from "./folders.ts";
import { startKafka } from "./kafka.ts";
import { fetchJars, findJava, javaVersion } from "./kafka_jars.ts";
import { isRunning } from "./process.ts";
import { until } from "../tests/until.ts";
import { silent } from "../tests/silent.ts";
import { leaveBehind, temporaryFolder, withEnvironment } from "./testing.ts";

const clientOf = (bootstrap: string) => openKafka(readConfig({ BOOTSTRAP_SERVER: bootstrap }).kafka, silent);

Deno.test("a Kafka that was killed has its messages when it is started again", async () => {
  await using folder = await temporaryFolder();
  await using server = await startKafka({ folder: folder.path });
  const kafka = clientOf(server.bootstrap);
  await kafka.ensureTopics(["prices"]);
  await using producer = kafka.producer("prices");
  await producer.send([{ key: "BTCUSDT", value: "1" }]);

  const killed = server.pid;
  await server.kill();
  assert.equal(await isRunning(killed), false);
  await server.restart();

  assert.notEqual(server.pid, killed);
  // The first question about a group makes Kafka create its topic of groups, and it refuses to answer until that is done.
  const behind = () => kafka.messagesBehind("nobody-has-read", "prices").catch(() => undefined);
  while (await behind() === undefined) await sleep(100);
  assert.equal(await behind(), 1);
});

Deno.test("a Kafka whose starter is killed ends by itself", async () => {
  await using folder = await temporaryFolder();
  const pid = await leaveBehind("kafka.ts", "startKafka", folder.path, true);
  await until("the server to end", async () => !await isRunning(pid));
});

Deno.test("a Kafka whose starter and watcher are killed is ended by the next start, and its port used again", async () => {
  await using folder = await temporaryFolder();
  const orphan = await leaveBehind("kafka.ts", "startKafka", folder.path);
  assert.equal(await isRunning(orphan), true);
  const port = (await Deno.readTextFile(`${folder.path}/port`)).trim();

  let pid: number;
  {
    await using server = await startKafka({ folder: folder.path });
    assert.equal(await isRunning(orphan), false);
    assert.equal(server.bootstrap, `127.0.0.1:${port}`);
    await clientOf(server.bootstrap).ensureTopics(["prices"]);
    await assert.rejects(startKafka({ folder: folder.path }), /is using it: end that one first/);
    pid = server.pid;
  }
  assert.equal(await isRunning(pid), false);
});

Deno.test("a start that is given up ends the server", async () => {
  await using folder = await temporaryFolder();
  const reason = new Error("Ctrl-C");
  const giveUp = new AbortController();
  const starting = startKafka({ folder: folder.path, signal: giveUp.signal });
  const pid = async () => Number(await readIfThere(`${folder.path}/pid`));
  while (!await pid()) await sleep(20);
  giveUp.abort(reason);
  await assert.rejects(starting, reason);
  assert.equal(await isRunning(await pid()), false);
});

Deno.test("without Java the message names both ways out", async () => {
  await withEnvironment({ PATH: "", JAVA_HOME: undefined }, async () => {
    await assert.rejects(
      findJava(),
      /^Error: Cannot start Kafka as there is no Java.*install it.*BOOTSTRAP_SERVER/,
    );
  });
});

Deno.test("without Maven the message names both ways out", async () => {
  await using folder = await temporaryFolder();
  await withEnvironment({ PATH: "" }, async () => {
    const fetching = fetchJars(`${folder.path}/libs`, () => {});
    await assert.rejects(
      fetching,
      /^Error: Cannot fetch Kafka as there is no Maven.*install it.*BOOTSTRAP_SERVER/,
    );
  });
});

Deno.test("the version of Java is read as old and new ones print it", () => {
  assert.equal(javaVersion('openjdk version "17.0.15" 2025-04-15'), 17);
  assert.equal(javaVersion('openjdk version "25" 2025-09-16'), 25);
  assert.equal(javaVersion('java version "1.8.0_402"'), 8);
  assert.equal(
    javaVersion("The operation couldn’t be completed. Unable to locate a Java Runtime."),
    undefined,
  );
});
