import assert from "node:assert/strict";
import { join } from "node:path";
import { isRunning } from "../local/process.ts";
import { cloneProject, summaryOf } from "./clone.ts";
import { until } from "./until.ts";

/** The processes of the Kafka and the Postgres that `up` started. */
function serverPids(project: string): Promise<number[]> {
  return Promise.all(
    ["kafka", "postgres"].map(async (server) =>
      Number(await Deno.readTextFile(join(project, ".local", server, "pid")))
    ),
  );
}

Deno.test("without servers up starts its own, restarts them when they are killed, and loses nothing", async () => {
  await using clone = await cloneProject();
  const up = clone.up(["--feed", "simulated", "--json"]);
  await up.says(/book: received=[1-9]/);
  for (const pid of await serverPids(clone.path)) Deno.kill(pid, "SIGKILL");
  await up.says(/Kafka ended with SIGKILL, and is started again/);
  await up.says(/messages are only in the producers' memory until Kafka has them/);
  await up.says(/Postgres is up again after/);
  await up.says(/Kafka is up again after/);
  up.interrupt();
  const { streams: { kline, book }, unsent, restarts } = await summaryOf(up);
  for (const { received, produced, rows } of [kline, book]) {
    assert.ok(rows > 0, up.printed.stderr);
    assert.equal(produced, received);
  }
  // What is counted as stored can be less, or more: Kafka may have died before it answered that it had the offsets.
  assert.equal(book.rows, book.received);
  assert.deepEqual({ unsent, restarts }, { unsent: 0, restarts: { Kafka: 1, Postgres: 1 } });
});

Deno.test("a second Ctrl-C ends the servers that up started at once", async () => {
  await using clone = await cloneProject();
  const interrupted = clone.up(["--feed", "simulated"]);
  await interrupted.says(/book: received=\d+/);
  const pids = await serverPids(clone.path);
  // Again and again, as two that come close together count as one. The code is of who was interrupted twice.
  interrupted.interrupt();
  const interrupting = setInterval(() => interrupted.interrupt(), 800);
  const { code } = await interrupted.ended;
  clearInterval(interrupting);
  assert.equal(code, 130);
  await until(
    "the servers to have ended",
    async () => !(await Promise.all(pids.map(isRunning))).some(Boolean),
  );
});

Deno.test("if the process that started up is killed, up ends with all that it started", async () => {
  await using clone = await cloneProject();
  const up = clone.up(["--feed", "simulated"]);
  await up.says(/book: received=[1-9]/);
  const workers: { pid: number }[] = JSON.parse(
    await Deno.readTextFile(join(clone.path, ".local/up/workers.json")),
  );
  const pids = [...await serverPids(clone.path), ...workers.map(({ pid }) => pid)];
  assert.ok((await Promise.all(pids.map(isRunning))).every(Boolean));

  Deno.kill(up.pid, "SIGKILL");
  await until(
    "all to have ended",
    async () => !(await Promise.all(pids.map(isRunning))).some(Boolean),
    20_000,
  );
  await up.ended;
  assert.match(
    up.printed.stderr,
    /^Stopping because the process that started this one has ended: .*task up/m,
  );
});
