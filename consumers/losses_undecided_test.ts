import assert from "node:assert/strict";
import type { StreamMessage } from "../shared/stream.ts";
import { createLosses, noteTime } from "./losses.ts";
import { decoder, memorySink, PARTITION, retry } from "../tests/losses.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const fetchedOf = (symbol: string, eventTime: number) => ({ symbol, eventTime, revision: 2 });

/** A consumer that finds no committed offset: A was stored up to 5, B up to 7. */
async function withoutOffset() {
  const { sink, losses: told } = memorySink();
  await sink.noteStored(PARTITION, { A: 5, B: 7 });
  const losses = createLosses(sink, decoder, retry);
  losses.joined();
  let isFirst = true;
  /** Reads and stores messages as one batch; text is a damaged message. */
  const read = async (...some: (StreamMessage | string)[]) => {
    const messages = some.map((one, offset) => ({
      key: typeof one === "string" ? null : encode(one.symbol!),
      value: encode(typeof one === "string" ? one : JSON.stringify(one)),
      offset: String(offset),
    }));
    const batch = { topic: "t", partition: PARTITION, messages, bytes: 0, nextOffset: "9", behind: 0 };
    await losses.beforeStore([isFirst ? { ...batch, afterBreak: "no offset was committed" } : batch]);
    isFirst = false;
    const times = {};
    for (const one of some) if (typeof one !== "string") noteTime(times, one);
    losses.stored({ partition: PARTITION, times });
    losses.committed({ partition: PARTITION, times });
  };
  return { losses, told, read, sink };
}

Deno.test("a log without a committed offset is judged by the first message that tells, though new symbols, damage and fetched candles come before", async () => {
  const { told, read, losses } = await withoutOffset();
  await read({ symbol: "NEW", eventTime: 20 });
  await read("damage");
  losses.joined();
  await read(fetchedOf("A", 30), { symbol: "NEW", eventTime: 31 });
  assert.deepEqual(told, []);
  await read({ symbol: "B", eventTime: 40 });
  assert.deepEqual(told, [{ symbol: "A", from: 5, to: Infinity }, { symbol: "B", from: 7, to: 40 }]);
  await read({ symbol: "A", eventTime: 50 }, { symbol: "B", eventTime: 51 });
  assert.deepEqual(told.map(({ to }) => to), [50, 40]);
});

Deno.test("a log that has what was stored last has lost nothing, though this is found later", async () => {
  const { told, read } = await withoutOffset();
  await read({ symbol: "NEW", eventTime: 20 });
  await read({ symbol: "A", eventTime: 5 });
  await read({ symbol: "A", eventTime: 60 }, { symbol: "B", eventTime: 61 });
  assert.deepEqual(told, []);
});

Deno.test("what another consumer has decided meanwhile is not decided again", async () => {
  const { told, read, sink, losses } = await withoutOffset();
  await read({ symbol: "NEW", eventTime: 20 });
  await sink.noteStored(PARTITION, { A: 25 });
  losses.joined();
  await read({ symbol: "A", eventTime: 60 });
  assert.deepEqual(told, []);
});
