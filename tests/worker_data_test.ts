import assert from "node:assert/strict";
import { freePort } from "../local/ports.ts";
import { worker } from "../shared/streams/worker.ts";
import { gap } from "../shared/streams/gap.ts";
import { backlogOf } from "./backlog.ts";
import { testDatabase } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

interface Row {
  readonly worker: string;
  readonly stream: string;
  readonly state: string;
  readonly reason: string | null;
  readonly at: Date;
  readonly build: string;
}

Deno.test("each worker has one row, which says how it is and why it is not ready, and becomes newer", async () => {
  await using backlog = await backlogOf(worker);
  const { sql, env } = backlog;
  await using _consumer = backlog.consume();
  // An exchange that is not there.
  const exchange = `127.0.0.1:${freePort()}`;
  await using producer = startWorker("book:produce", {
    ...env,
    BINANCE_WS_URL: `ws://${exchange}`,
    BINANCE_REST_URL: `http://${exchange}`,
    BOOKLINE_BUILD: "abc1234",
  });
  const rows = async () =>
    await sql`
      select worker, stream, state, reason, at, build from websocket.workers order by worker` as unknown as Row[];
  const [waiting, well] = await until("a row of the producer and one of the consumer", async () => {
    const found = await rows();
    return found.length === 2 && found[1].state === "ok" && found[0].reason?.includes("exchange") && found;
  });
  assert.deepEqual([waiting.worker, waiting.stream, waiting.state], ["book:produce", "book", "waiting"]);
  assert.match(waiting.build, /\+abc1234$/);
  assert.deepEqual([well.worker, well.stream, well.reason], ["worker:consume", "worker", null]);
  await until("newer rows in their place", async () => {
    const later = await rows();
    return later.length === 2 && later[0].at > waiting.at && later[1].at > well.at;
  });
  await producer.kill("SIGKILL");
  assert.equal((await rows()).length, 2);
});

Deno.test("an older statement that comes later replaces none", async () => {
  await using backlog = await backlogOf(worker);
  const at = Date.UTC(2026, 9, 1);
  const statement = (at: number, reason: string | null) => ({
    key: "a",
    value: worker.message.codec.encode({
      ...{ worker: "book:produce", host: "h", name: "bookline", stream: "book", at },
      ...{ state: "ok", reason, lag: 3, deadLetters: 0, build: "1" },
    }),
  });
  await backlog.send([statement(at, "newer"), statement(at - 1, "older")]);
  await using consumer = backlog.consume();
  await until("both to be stored", async () => ((await consumer.report())?.counts.stored ?? 0) >= 2);
  const [row, ...others] = await backlog.sql`
    select reason, lag from websocket.worker_data where host = 'h'`;
  assert.deepEqual([row.reason, Number(row.lag), others.length], ["newer", 3, 0]);
});

Deno.test("a worker that has said nothing for 30 s is gone by the database's clock, whatever its last words were", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await sql`
    insert into websocket.worker_data values
      ('a', 'h', 'n', 'book', now() - interval '31 s', 'ok', null, 0, 0, '1'),
      ('b', 'h', 'n', 'book', now() - interval '20 s', 'stuck', 'no table', 0, 0, '1')`;
  const rows = await sql`select worker, state, reason from websocket.workers order by worker`;
  assert.deepEqual(rows.map(({ state }) => state), ["gone", "stuck"]);
  assert.match(rows[0].reason, /^it has said nothing since 20/);
  assert.equal(rows[1].reason, "no table");
});

Deno.test("the words of a worker whose clock was ahead are of the time when they were stored, and its next words take their place", async () => {
  await using backlog = await backlogOf(worker);
  const { sql } = backlog;
  const say = (ahead: number, reason: string) =>
    backlog.send([{
      key: "a",
      value: worker.message.codec.encode({
        ...{ worker: "book:produce", host: "h", name: "bookline", stream: "book", at: Date.now() + ahead },
        ...{ state: "waiting", reason, lag: 3, deadLetters: 0, build: "1" },
      }),
    }]);
  const shown = async () =>
    (await sql`select reason, at <= now() as is_past from websocket.workers where host = 'h'`)[0];
  await say(3_600_000, "ahead");
  await using _consumer = backlog.consume();
  await until("the first words", async () => (await shown())?.reason === "ahead");
  assert.ok((await shown()).is_past);
  await say(0, "set right");
  // What is said within the moment of the first words' storing is older.
  await until("the next words", async () => {
    if ((await shown()).reason === "set right") return true;
    await say(0, "set right");
  });
});

Deno.test("in one process the failure of a stream stops only that stream, and is reported", async () => {
  await using backlog = await backlogOf(gap);
  const { sql, env } = backlog;
  await sql`alter table websocket.gap_data rename to elsewhere`;
  await using both = startWorker("consume gap worker", env);
  await until("a row of each, one stuck", async () => {
    const rows = await sql`select stream, state, reason from websocket.workers order by stream`;
    return rows.length === 2 && rows[0].state === "stuck" && /gap_data/.test(rows[0].reason) &&
      rows[1].state === "ok";
  });
  const report = await both.report() as unknown as { status: string; reason: string; streams: object };
  assert.deepEqual([report.status, Object.keys(report.streams).sort()], ["stuck", ["gap", "worker"]]);
  assert.match(report.reason, /^gap: .*gap_data/);
  assert.equal((await both.kill("SIGTERM")).code, 78);
});

Deno.test("several producers share a process, and a wrong option of one stream stops only that stream", async () => {
  const nowhere = `127.0.0.1:${freePort()}`;
  await using both = startWorker("produce kline book", {
    BOOTSTRAP_SERVER: nowhere,
    BINANCE_WS_URL: `ws://${nowhere}`,
    BINANCE_REST_URL: `http://${nowhere}`,
    TOPIC_PREFIX: "test.",
    KLINE_INTERVALS: "7m",
  });
  await until("one to be stuck and one to wait", async () => {
    const report = await both.report() as unknown as {
      streams: Record<string, { status: string; reason: string }>;
    };
    const { kline, book } = report?.streams ?? {};
    return kline?.status === "stuck" && /Cannot use KLINE_INTERVALS/.test(kline.reason) &&
      book?.status === "waiting";
  });
});

Deno.test("a process of no stream, or of one that there is not, ends with code 78 and says so", async () => {
  for (
    const [task, words] of [["consume", /without a stream/], [
      "produce gap",
      /Cannot understand gap/,
    ]] as const
  ) {
    await using wrong = startWorker(task, {});
    assert.equal((await wrong.ended).code, 78);
    await wrong.says(words);
  }
});
