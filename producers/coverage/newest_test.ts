import assert from "node:assert/strict";
import type { Kafka } from "../../shared/kafka/mod.ts";
import { kline } from "../../shared/streams/kline.ts";
import { sampleOf } from "../../tests/faults/sample.ts";
import { silent } from "../../tests/silent.ts";
import { newestTimes } from "./newest.ts";

const sample = sampleOf(kline);
const record = (symbol: string, interval: string, eventTime: number) =>
  JSON.stringify({ ...sample, symbol, interval, eventTime });

/** The records of a topic, as they are read. */
const recordsOf = (values: string[]) =>
  values.map((value, i) => ({
    ...{ key: null, value: new TextEncoder().encode(value), offset: `${i}`, headers: {}, partition: 0 },
  }));

/** What is newest in a topic that is read so. */
const newestBy = (
  readTail: Kafka["readTail"],
  signal = new AbortController().signal,
  extent = [{ partition: 0, low: 0, high: 9 }],
) => {
  const streams = ["btcusdt@kline_1m", "btcusdt@kline_1h", "ethusdt@kline_1m"];
  return newestTimes({ readTail }, "t", extent, kline, streams, { signal, log: silent, kind: "restart" });
};
const newest = (values: string[]) => newestBy(() => Promise.resolve(recordsOf(values)));

Deno.test("each stream of a symbol has a newest record of its own", async () => {
  const { times } = await newest([
    record("BTCUSDT", "1m", 20),
    record("BTCUSDT", "1m", 10),
    record("BTCUSDT", "1h", 5),
    record("ETHUSDT", "1m", 7),
  ]);
  assert.deepEqual([...times.values()], [20, 5, 7]);
});

const minute = 60_000;

Deno.test("a stream that was not heard of for a minute was not covered, and nothing of it can be missing", async () => {
  const { times, receivedAt } = await newest([
    record("BTCUSDT", "1m", 20),
    record("BTCUSDT", "1m", minute + 20),
  ]);
  assert.deepEqual([...times], [["btcusdt@kline_1m", minute + 20]]);
  assert.equal(receivedAt, sample.receivedAt);
  assert.equal((await newest([])).receivedAt, 0);
});

Deno.test("a stream that had said nothing for less than a minute was there until the newest record of all", async () => {
  const { times } = await newest([record("BTCUSDT", "1m", 20), record("BTCUSDT", "1m", minute)]);
  assert.deepEqual([...times.values()], [minute, minute, minute]);
});

Deno.test("a quiet stream whose records are further back was there until the newest record of all", async () => {
  const far = [record("ETHUSDT", "1m", 7), record("BTCUSDT", "1m", 20), record("BTCUSDT", "1m", 2 * minute)];
  const extent = [{ partition: 0, low: 0, high: 30_000 }];
  const { times } = await newestBy(
    (_topic, _extent, most) => Promise.resolve(recordsOf(most > 2_000 ? far : far.slice(2))),
    undefined,
    extent,
  );
  assert.deepEqual([...times], [["btcusdt@kline_1m", 2 * minute], ["ethusdt@kline_1m", 2 * minute]]);
});

Deno.test("a record that is dated tomorrow tells nothing", async () => {
  const { times } = await newest([
    record("BTCUSDT", "1m", 20),
    record("BTCUSDT", "1m", Date.now() + 86_400_000),
  ]);
  assert.equal(Math.max(...times.values()), 20);
});

Deno.test("records of another pipeline, without the time of receipt, tell nothing", async () => {
  const { receivedAt: _, ...legacy } = { ...sample, symbol: "BTCUSDT", interval: "1m" };
  assert.deepEqual([...(await newest([JSON.stringify(legacy), "nonsense"])).times], []);
});

Deno.test("a look-up that fails is tried again, so that a restart's gap is not lost with it", async () => {
  let attempts = 0;
  const { times } = await newestBy(() =>
    ++attempts < 3
      ? Promise.reject(new Error("the coordinator is loading"))
      : Promise.resolve(recordsOf([record("BTCUSDT", "1m", 20)]))
  );
  assert.equal(times.get("btcusdt@kline_1m"), 20);
});

Deno.test("a look-up that fails for ever ends when the producer is told to stop", async () => {
  const stop = new AbortController();
  const look = newestBy(() => Promise.reject(new Error("not authorized")), stop.signal);
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(look, { message: "not authorized" });
});
