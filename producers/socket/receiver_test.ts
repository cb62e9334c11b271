import assert from "node:assert/strict";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import { createLog } from "../../shared/log.ts";
import { book } from "../../shared/streams/book.ts";
import { createReceiver } from "./receiver.ts";

const sample = book.feed!.sample.replace(/"E":\d+/, `"E":${Date.now()}`);
const single = { begin() {}, end() {}, isDuplicate: () => false };

/** A receiver with what it makes of frames. */
function receiverOf() {
  const [messages, letters, lines, seen]: [Outgoing[], Outgoing[], string[], number[]] = [[], [], [], []];
  const to = (list: Outgoing[]) => ({ push: (entry: Outgoing) => void list.push(entry) });
  const log = createLog("test", "info", (line) => lines.push(line));
  const receiver = createReceiver(book.message, book.feed!, to(messages), to(letters), log);
  const hear = (frame: string | Uint8Array) => receiver.onFrame(frame, single, (_, time) => seen.push(time));
  return { hear, messages, letters, lines, seen, counts: receiver.counts };
}

Deno.test("notices of the exchange are logged and counted, and are no dead letters", () => {
  const { hear, letters, lines, counts } = receiverOf();
  assert.equal(hear('{"e":"serverShutdown","E":1790000000000}'), "shutdown");
  assert.equal(hear('{"stream":"btcusdt@bookTicker","data":{"e":"serverShutdown","E":1}}'), "shutdown");
  assert.equal(hear('{"code":-1003,"msg":"Way too many requests"}'), undefined);
  assert.equal(hear('{"error":{"code":2,"msg":"Invalid request"},"id":1}'), undefined);
  assert.deepEqual([letters.length, counts.notices, counts.received], [0, 4, 0]);
  assert.match(lines[0], /the exchange gives notice why="its server is about to be shut down"/);
});

Deno.test("the exchange's words are in the log", () => {
  const { hear, lines } = receiverOf();
  hear('{"code":-1003,"msg":"Way too many requests"}');
  assert.match(lines[0], /why="Way too many requests \(code -1003\)"/);
});

Deno.test("a frame that is sent as binary is read like a text", () => {
  const { hear, messages, letters } = receiverOf();
  hear(new TextEncoder().encode(sample));
  assert.deepEqual([messages.length, letters.length], [1, 0]);
});

Deno.test("bytes that are no text are a dead letter with its bytes", () => {
  const { hear, letters, counts } = receiverOf();
  const bytes = new Uint8Array([0, 255, 1]);
  assert.equal(hear(bytes), undefined);
  assert.deepEqual([letters[0].value, counts.received], [bytes, 1]);
});

Deno.test("a frame that is dated tomorrow is stored, and moves nothing", () => {
  const { hear, messages, seen } = receiverOf();
  hear(sample);
  const heard = hear(sample.replace(/"E":\d+/, `"E":${Date.now() + 86_400_000}`));
  assert.deepEqual([messages.length, seen.length], [2, 1]);
  assert.equal(typeof heard === "object" && heard.eventTime, undefined);
});
