import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "../../tests/until.ts";
import { temporaryFolder } from "../testing.ts";
import { createRegistry } from "./registry.ts";
import { startWorker, type WorkerProcess } from "./worker.ts";

/** The beginning of a worker that serves `/healthz` with the counts and the reason that its script sets. */
const prelude = `
  import { createLog } from "${new URL("../../shared/log.ts", import.meta.url)}";
  const log = createLog("test:produce", "info");
  let health = { counts: { received: 7 }, prices: { BTCUSDT: "1.50" } };
  const [hostname, port] = [Deno.env.get("HEALTH_HOST"), Number(Deno.env.get("HEALTH_PORT"))];
  Deno.serve({ hostname, port, onListen() {} }, () => Response.json(health));
`;

/** What a script does once the test says `go`. */
const once = (action: string) => `
  const isSaid = () => Deno.stat(Deno.env.get("FOLDER") + "/go").then(() => true, () => false);
  const looking = setInterval(async () => {
    if (!await isSaid()) return;
    clearInterval(looking);
    ${action}
  }, 20);`;

/** Runs a script as a worker until the test has seen enough. */
async function withWorker(
  script: string,
  test: (worker: WorkerProcess, notices: string[], go: () => Promise<void>) => Promise<void>,
  streams = ["test"],
) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "worker.ts");
  await Deno.writeTextFile(file, prelude + script);
  const notices: string[] = [];
  const worker = startWorker({
    task: "test:produce",
    streams,
    args: ["run", "--quiet", "--allow-net", "--allow-env", "--allow-read", "--allow-write", file],
    // As if .env had an address of another machine: `up` asks its workers on 127.0.0.1.
    settings: { FOLDER: folder.path, HEALTH_HOST: "192.0.2.1" },
    logFolder: folder.path,
    registry: createRegistry(join(folder.path, "workers.json")),
    notice: (line) => notices.push(line),
  });
  try {
    await test(worker, notices, () => Deno.writeTextFile(join(folder.path, "go"), ""));
  } finally {
    await worker.stop();
  }
}

const untilWell = (worker: WorkerProcess) =>
  until("the worker to be well", async () => {
    await worker.poll();
    return worker.isWell;
  });

Deno.test("a worker that can't run as it is configured is not started again, and its last words are reported", async () => {
  const script = `console.error("Cannot use SYMBOLS: it names nothing"); Deno.exit(78);`;
  await withWorker(script, async (worker, notices) => {
    await assert.rejects(worker.failed, {
      message: "Cannot run test:produce:\n  Cannot use SYMBOLS: it names nothing",
    });
    assert.deepEqual(notices, []);
    assert.equal(worker.restarts, 0);
  });
});

Deno.test("a worker that crashes is started again, and what it had done is not forgotten", async () => {
  const script = once(`Deno.removeSync(Deno.env.get("FOLDER") + "/go"); Deno.exit(1);`);
  await withWorker(script, async (worker, notices, go) => {
    await untilWell(worker);
    assert.equal(worker.totalsOf("test").counts.received, 7);
    await go();
    await until("the crash to be reported", () => notices.length > 0);
    assert.match(
      notices[0],
      /^warn {2}test:produce ended unexpectedly with code 1: starting it again in \d+ ms$/,
    );
    await untilWell(worker);
    assert.equal(worker.totalsOf("test").counts.received, 14);
    assert.equal(worker.restarts, 1);
  });
});

Deno.test("stopped, a worker's counts are those of its last words, and only its warnings were shown", async () => {
  const script = `
    log.info("connected");
    log.warn("the buffer is full", { topic: "kline_data" });
    Deno.addSignalListener("SIGTERM", () => {
      log.info("stopped", { received: 9, produced: 9 });
      Deno.exit(0);
    });`;
  await withWorker(script, async (worker, notices) => {
    await untilWell(worker);
    assert.equal(worker.totalsOf("test").prices.BTCUSDT, "1.50");
    assert.equal(await worker.stop(), undefined);
    assert.deepEqual(worker.totalsOf("test").counts, { received: 9, produced: 9 });
    assert.deepEqual(notices, ["warn test:produce: the buffer is full topic=kline_data"]);
    assert.equal(await worker.stop(), undefined, "stopping it once more changes nothing");
  });
});

Deno.test("a worker that can't finish what it has in memory is reported", async () => {
  await withWorker(`Deno.addSignalListener("SIGTERM", () => Deno.exit(1));`, async (worker) => {
    await untilWell(worker);
    assert.equal(await worker.stop(), "test:produce ended with code 1 before it was done");
  });
});

Deno.test("why a worker makes no progress is known, also when it has stopped answering", async () => {
  const script = `
    health = { counts: {}, reason: "Cannot reach Kafka" };
    ${once("for (;;);")}`;
  await withWorker(script, async (worker, _, go) => {
    assert.deepEqual([worker.isWell, worker.trouble], [false, undefined]);
    await until("its reason", () => worker.poll().then(() => worker.trouble === "Cannot reach Kafka"));
    await go();
    await until("its silence", () => worker.poll().then(() => worker.trouble === "does not answer"));
    worker.kill();
  });
});

Deno.test("of streams that share a process each has its own counts, also after its last words", async () => {
  const script = `
    health = { streams: { test: { counts: { stored: 3 } }, other: { counts: { stored: 4 } } } };
    Deno.addSignalListener("SIGTERM", () => {
      log.info("stopped", { stored: 5 });
      createLog("other:consume", "info").info("stopped", { stored: 6 });
      Deno.exit(0);
    });`;
  await withWorker(script, async (worker) => {
    await untilWell(worker);
    assert.deepEqual(["test", "other"].map((one) => worker.totalsOf(one).counts.stored), [3, 4]);
    assert.equal(await worker.stop(), undefined);
    assert.deepEqual(["test", "other"].map((one) => worker.totalsOf(one).counts.stored), [5, 6]);
  }, ["test", "other"]);
});
