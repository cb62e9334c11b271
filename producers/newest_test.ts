import assert from "node:assert/strict";
import { kline } from "../shared/streams/kline.ts";
import { sampleOf } from "../tests/faults/sample.ts";
import { newestTimes } from "./newest.ts";

const sample = sampleOf(kline);
const record = (symbol: string, interval: string, eventTime: number) =>
  JSON.stringify({ ...sample, symbol, interval, eventTime });

/** What is newest in a topic of these records. */
const newest = (values: string[]) => {
  const records = values.map((value, i) => ({
    ...{ key: null, value: new TextEncoder().encode(value), offset: `${i}`, headers: {}, partition: 0 },
  }));
  const streams = ["btcusdt@kline_1m", "btcusdt@kline_1h", "ethusdt@kline_1m"];
  const kafka = { readTail: () => Promise.resolve(records) };
  return newestTimes(kafka, "t", [{ partition: 0, low: 0, high: 9 }], kline, streams);
};

Deno.test("each stream of a symbol has a newest record of its own", async () => {
  const times = await newest([
    record("BTCUSDT", "1m", 20),
    record("BTCUSDT", "1m", 10),
    record("BTCUSDT", "1h", 5),
    record("ETHUSDT", "1m", 7),
  ]);
  assert.deepEqual([...times.values()], [20, 5, 7]);
});

Deno.test("a stream that had said nothing yet was there until the newest record of all", async () => {
  const times = await newest([record("BTCUSDT", "1m", 20)]);
  assert.deepEqual([...times.values()], [20, 20, 20]);
});

Deno.test("records of another pipeline, without the time of receipt, tell nothing", async () => {
  const { receivedAt: _, ...legacy } = { ...sample, symbol: "BTCUSDT", interval: "1m" };
  assert.deepEqual([...await newest([JSON.stringify(legacy), "nonsense"])], []);
});
