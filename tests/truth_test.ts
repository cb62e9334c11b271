import assert from "node:assert/strict";
import { createSink } from "../consumers/postgres/sink.ts";
import type { Truth } from "../local/exchange/truth.ts";
import type { Stream } from "../shared/stream.ts";
import { book } from "../shared/streams/book.ts";
import { kline } from "../shared/streams/kline.ts";
import { silent } from "./silent.ts";
import { testDatabase } from "./stack.ts";
import { compareWithTruth } from "./truth.ts";

const T = Date.UTC(2026, 9, 1);
const ticks: Truth[] = [1, 2, 3].map((u) => ({
  stream: "btcusdt@bookTicker",
  data: { e: "bookTicker", u, s: "BTCUSDT", b: "1.10", B: "5", a: "1.20", A: "0.00010000", T, E: T + u },
}));
const candle = (E: number, x: boolean, c: string): Truth => ({
  stream: "btcusdt@kline_1m",
  data: {
    e: "kline",
    E,
    k: {
      t: T,
      T: T + 59_999,
      s: "BTCUSDT",
      i: "1m",
      f: 1,
      L: 2,
      o: "1.0",
      h: "2",
      l: "1",
      c,
      v: "3",
      n: 2,
      x,
      q: "4",
      V: "5",
      Q: "6",
    },
  },
});
const candles = [candle(T + 1, false, "1"), candle(T + 60_300, true, "2.00"), candle(T + 60_900, false, "3")];
const truth = [...ticks, ...candles];

type Table = "kline_data" | "order_book_data";

/** A database in which each test stores the truth, changes it, and looks what a comparison finds. */
async function examinee(table: Table) {
  const database = await testDatabase();
  const store = async <M extends { symbol: string }>(stream: Stream<M>) => {
    const { wire, toMessages } = stream.feed!;
    await database.sql`truncate websocket.${database.sql(stream.message.topic)}`;
    await using sink = createSink(stream, database.config, silent);
    for (const { data } of truth) {
      const { success, data: payload } = wire.safeParse(data);
      if (success) await sink.write(() => toMessages(payload, T));
    }
  };
  return {
    async findings(change: string, leeway = {}): Promise<number[]> {
      await store(book);
      await store(kline);
      await database.sql.unsafe(change);
      const { expected, stored, lost, doubled, wrong, samples } = await compareWithTruth(
        database.sql,
        table,
        eachTruth(),
        leeway,
      );
      assert.equal(samples.length, Math.min(3, lost + doubled + wrong));
      return [expected, stored, lost, doubled, wrong];
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function* eachTruth(): AsyncGenerator<Truth> {
  yield* await Promise.resolve(truth);
}

Deno.test("a lost row, a row too many and a wrong field are found, down to a zero at the end of a price", async () => {
  await using examined = await examinee("order_book_data");
  const found = (change: string) => examined.findings(change);
  const ticks = "websocket.order_book_data";
  assert.deepEqual(await found(`delete from ${ticks} where update_id = 2`), [3, 2, 1, 0, 0]);
  const copied = `select (jsonb_populate_record(one, '{"update_id":9}')).* from ${ticks} as one`;
  assert.deepEqual(await found(`insert into ${ticks} ${copied} where update_id = 1`), [3, 4, 0, 1, 0]);
  const changes = [
    "bid_price = 1.1",
    "ask_qty = 0.0001",
    "bid_qty = 6",
    "event_time = event_time + interval '1 ms'",
  ];
  for (const set of changes) {
    assert.deepEqual(await found(`update ${ticks} set ${set} where update_id = 3`), [3, 3, 0, 0, 1], set);
  }
  assert.deepEqual(await found(`update ${ticks} set update_id = 4 where update_id = 3`), [3, 3, 1, 1, 0]);
});

Deno.test("a candle is expected to be the newest frame by the order of versions", async () => {
  await using examined = await examinee("kline_data");
  assert.deepEqual(await examined.findings("select"), [1, 1, 0, 0, 0]);
  for (const set of ["is_closed = false", "close = 3", "num_trades = 3", "close_time = open_time"]) {
    assert.deepEqual(await examined.findings(`update websocket.kline_data set ${set}`), [1, 1, 0, 0, 1], set);
  }
});

Deno.test("an event time ahead is right up to the tolerance, and one behind is wrong", async () => {
  await using examined = await examinee("kline_data");
  for (const [ms, wrong] of [[0, 0], [9, 0], [10, 1], [-1, 1]]) {
    const change = `update websocket.kline_data set event_time = event_time + ${ms} * interval '1 ms'`;
    assert.deepEqual(await examined.findings(change, { eventTime: 9 }), [1, 1, 0, 0, wrong], `${ms} ms`);
  }
});

Deno.test("columns that REST does not tell are compared in rows that it did not give", async () => {
  await using examined = await examinee("kline_data");
  const leeway = { without: ["first_trade_id"], fetched: "kept.revision > 0" };
  for (const [revision, wrong] of [[0, 1], [2, 0]]) {
    const change = `update websocket.kline_data set first_trade_id = null, revision = ${revision}`;
    assert.deepEqual(await examined.findings(change, leeway), [1, 1, 0, 0, wrong], `revision ${revision}`);
  }
});
