import assert from "node:assert/strict";
import type { Incoming, Kafka } from "../shared/kafka/mod.ts";
import { silent } from "../tests/stack.ts";
import { newestTimes } from "./newest.ts";

const extent = [{ partition: 0, low: 0, high: 3 }];

/** A topic whose messages are these; a text that is no JSON is among them. */
function topicOf(
  ...messages: { symbol: string; eventTime: number }[]
): Awaited<ReturnType<Kafka["readTail"]>> {
  const texts = ["{", ...messages.map((message) => JSON.stringify(message))];
  return texts.map((text, i): Incoming & { partition: number } => ({
    key: null,
    value: new TextEncoder().encode(text),
    offset: String(i),
    partition: 0,
  }));
}

Deno.test("a look-up that fails is tried again, so that a restart's gap is not lost with it", async () => {
  let attempts = 0;
  const kafka: Pick<Kafka, "readTail"> = {
    readTail: () =>
      ++attempts < 3
        ? Promise.reject(new Error("the coordinator is loading"))
        : Promise.resolve(topicOf({ symbol: "BTCUSDT", eventTime: 5 }, { symbol: "BTCUSDT", eventTime: 4 })),
  };
  const persistence = { signal: new AbortController().signal, log: silent };
  const times = await newestTimes(kafka, "t", extent, ["BTCUSDT", "ETHUSDT"], persistence);
  assert.deepEqual([...times], [["BTCUSDT", 5]]);
});

Deno.test("a look-up that fails for ever ends when the producer is told to stop", async () => {
  const stop = new AbortController();
  const kafka = { readTail: () => Promise.reject(new Error("not authorized")) };
  const look = newestTimes(kafka, "t", extent, ["BTCUSDT"], { signal: stop.signal, log: silent });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(look, { message: "not authorized" });
});
