/** Tests of the gap ledger's rows of what Kafka lost, in the database alone. */
import assert from "node:assert/strict";
import { createSinkLosses } from "../consumers/postgres/losses.ts";
import { coverageDatabase, EPOCH, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";
import { schema } from "./stack.ts";
import { until } from "./until.ts";

const at = (times: Record<string, number>) =>
  Object.fromEntries(Object.entries(times).map(([symbol, ms]) => [symbol, EPOCH + ms]));

/** A coverage database, and what the consumer of ticks tells of its losses. */
async function lossDatabase() {
  await using parts = new AsyncDisposableStack();
  const test = parts.use(await coverageDatabase());
  const { sql } = test;
  const losses = createSinkLosses(sql, schema, "book");
  const kept = parts.move();
  return {
    ...test,
    losses,
    /** Notes a loss of symbols of partition 0. */
    async lose(from: Record<string, number>, to?: Record<string, number>) {
      await losses.begin(0, "deleted by retention", at(from));
      if (to) await losses.end(at(to));
    },
    /** Runs the job, and returns the gaps of a cause: symbol, from, to and state. */
    async gaps(cause = "kafka") {
      await keepGaps(sql);
      const rows = await sql`
        select symbol, state, extract(epoch from started_at)::float8 * 1000 - ${EPOCH}::float8 as since,
          extract(epoch from ended_at)::float8 * 1000 - ${EPOCH}::float8 as until
        from websocket.gap_data where cause = ${cause} order by symbol, started_at`;
      return rows.map(({ symbol, state, since, until }) => [symbol, since, until, state]);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

Deno.test("of a loss only what was covered is a gap of the cause kafka; what was not is one of coverage already", async () => {
  await using test = await lossDatabase();
  await test.store(
    interval(["a/1", "BTCUSDT", 0, 100, "lost connection"]),
    interval(["a/2", "BTCUSDT", 200, 300, "unsubscribed"]),
    interval(["a/2", "ETHUSDT", 0, 300, "unsubscribed"]),
  );
  await test.lose({ BTCUSDT: 50 }, { BTCUSDT: 250 });
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 100, "lost"], ["BTCUSDT", 200, 250, "lost"]]);
  assert.deepEqual(await test.gaps("coverage"), [["BTCUSDT", 100, 200, "lost"]]);
});

Deno.test("another producer's coverage adds to the gap, and takes none of it away", async () => {
  await using test = await lossDatabase();
  await test.store(interval(["a/1", "BTCUSDT", 0, 100, "unsubscribed"]));
  await test.lose({ BTCUSDT: 50 }, { BTCUSDT: 250 });
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 100, "lost"]]);
  await test.store(interval(["b/1", "BTCUSDT", 80, 220, "unsubscribed"]));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 220, "lost"]]);
});

Deno.test("a gap whose end is not covered yet grows with the coverage, without another word of the feed", async () => {
  await using test = await lossDatabase();
  await test.store(interval(["a/1", "BTCUSDT", 0, 0, "open"]), heartbeat("a/1", 0, 60));
  await test.lose({ BTCUSDT: 50 }, { BTCUSDT: 100 });
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 60, "lost"]]);
  await test.store(heartbeat("a/1", 0, 500, "open", 2));
  await test.clock(NOW + 1_500);
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 100, "lost"]]);
});

Deno.test("a gap is unknown while nothing later of its symbol is found, and ends at what is", async () => {
  await using test = await lossDatabase();
  await test.store(interval(["a/1", "BTCUSDT", 0, 0, "open"]), heartbeat("a/1", 0, 500));
  await test.lose({ BTCUSDT: 50 });
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, null, "unknown"]]);
  assert.deepEqual(await test.losses.open(), [{ symbol: "BTCUSDT", from: EPOCH + 50 }]);
  await test.losses.end(at({ BTCUSDT: 120 }));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 120, "lost"]]);
  assert.deepEqual(await test.losses.open(), []);
});

Deno.test("a gap of a stream that the exchange still has is unrepaired, and once it is repaired it stays so", async () => {
  await using test = await lossDatabase();
  const candle = (to: number, version: number) =>
    interval(["k/1", "BTCUSDT", 0, to, "unsubscribed", null, version], "kline");
  await test.store(candle(300, 1));
  const losses = createSinkLosses(test.sql, schema, "kline");
  await losses.begin(0, "truncated or made anew", at({ BTCUSDT: 50 }));
  await losses.end(at({ BTCUSDT: 100 }));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 100, "unrepaired"]]);
  await test.sql`update websocket.gap_data set state = 'repaired', repaired_at = now() where cause = 'kafka'`;
  await test.store(candle(400, 2));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 100, "repaired"]]);
});

Deno.test("a gap goes once its loss is no more", async () => {
  await using test = await lossDatabase();
  await test.store(
    interval(["a/1", "BTCUSDT", 0, 300, "unsubscribed"]),
    interval(["a/1", "ETHUSDT", 0, 300, "unsubscribed"]),
  );
  await test.lose({ BTCUSDT: 50, ETHUSDT: 60 }, { BTCUSDT: 100, ETHUSDT: 100 });
  assert.equal((await test.gaps()).length, 2);
  await test.sql`delete from websocket.kafka_losses where symbol = 'ETHUSDT'`;
  await test.store(interval(["a/1", "ETHUSDT", 0, 310, "unsubscribed", null, 2]));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 100, "lost"]]);
});

Deno.test("a loss begins where the symbol was stored last, on the partition that it was of then, and not twice", async () => {
  await using test = await lossDatabase();
  const { losses } = test;
  await losses.noteStored(0, at({ BTCUSDT: 50, ETHUSDT: 10 }));
  await losses.noteStored(0, at({ BTCUSDT: 40 }));
  await losses.noteStored(1, at({ ETHUSDT: 70 }));
  assert.deepEqual(Object.fromEntries(await losses.storedTo()), {
    0: at({ BTCUSDT: 50, ETHUSDT: 10 }),
    1: at({ ETHUSDT: 70 }),
  });
  for (let time = 0; time < 2; time++) await losses.begin(0, "truncated or made anew");
  await losses.begin(0, "truncated or made anew", at({ BTCUSDT: 30 }));
  assert.deepEqual(await losses.open(), [{ symbol: "BTCUSDT", from: EPOCH + 50 }]);
  await losses.end(at({ BTCUSDT: 50 }));
  assert.equal((await losses.open()).length, 1, "a message that was stored ends nothing");
});

Deno.test("a loss that ended with a message that was not stored, and is lost meanwhile, goes on to the next one that is found", async () => {
  await using test = await lossDatabase();
  const { losses } = test;
  await test.store(interval(["a/1", "BTCUSDT", 0, 300, "unsubscribed"]));
  await losses.noteStored(0, at({ BTCUSDT: 50 }));
  await losses.begin(0, "deleted by retention");
  await losses.end(at({ BTCUSDT: 80 }));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 80, "lost"]]);
  // The consumer is killed before it stores that message, and comes back when retention has deleted more.
  await losses.begin(0, "deleted by retention");
  assert.deepEqual(await losses.open(), [{ symbol: "BTCUSDT", from: EPOCH + 50 }]);
  await losses.end(at({ BTCUSDT: 200 }));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, 200, "lost"]]);
});

Deno.test("losses of days that the table no longer keeps are forgotten", async () => {
  await using test = await lossDatabase();
  await test.lose({ BTCUSDT: 50 }, { BTCUSDT: 100 });
  await test.sql`update websocket.streams set pruned_to = ${new Date(EPOCH + 101)}`;
  await test.lose({ ETHUSDT: 200 });
  await until("the loss to be gone", async () => {
    const rows = await test.sql`select symbol from websocket.kafka_losses`;
    return rows.length === 1 && rows[0].symbol === "ETHUSDT";
  });
});
