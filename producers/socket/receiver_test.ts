import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import { createLog } from "../../shared/log.ts";
import { integer, jsonCodec, symbol, time } from "../../shared/message.ts";
import type { Feed, MessageType } from "../../shared/stream.ts";
import { book } from "../../shared/streams/book.ts";
import { createOverlap } from "./overlap.ts";
import type { Seen } from "./types.ts";
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

Deno.test("the answer to a request is no data, and is told as an answer", () => {
  const { hear, messages, letters, counts } = receiverOf();
  assert.deepEqual(hear('{"result":["btcusdt@bookTicker"],"id":3}'), { answerTo: 3 });
  assert.deepEqual([messages.length, letters.length, counts.received, counts.notices], [0, 0, 0, 0]);
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
  assert.equal((heard as Seen).eventTime, undefined);
});

const schema = z.object({ symbol, id: integer, eventTime: time, receivedAt: time });
type Order = z.infer<typeof schema>;
const type: MessageType<Order> = {
  name: "order",
  topic: "order_data",
  schema,
  codec: jsonCodec(schema),
  key: ["symbol", "id"],
  version: [],
  overflow: "drop",
};
const wire = z.object({ o: z.array(z.object({ s: symbol, i: integer, T: time })) });
/** A feed of all symbols, each frame of which has as many messages as happened since the one before. */
const orders: Feed<Order, typeof wire> = {
  route: "market",
  options: {},
  subscriptions: () => ["!orders"],
  feedOf: () => "!orders",
  wire,
  toMessages: ({ o }, receivedAt) => o.map(({ s, i, T }) => ({ symbol: s, id: i, eventTime: T, receivedAt })),
  identity: ({ symbol, id }) => `${symbol} ${id}`,
  silence: "unknown",
  sample: '{"stream":"!orders","data":{"o":[]}}',
};
const frameOf = (ids: readonly number[]) =>
  JSON.stringify({ stream: "!orders", data: { o: ids.map((i) => ({ s: "BTCUSDT", i, T: Date.now() })) } });

/** A receiver of `orders` while two connections carry them. */
function ordersReceiver() {
  const [messages, letters, seen]: [Outgoing[], Outgoing[], string[]] = [[], [], []];
  const to = (list: Outgoing[]) => ({ push: (entry: Outgoing) => void list.push(entry) });
  const log = createLog("test", "error", () => {});
  const receiver = createReceiver(type, orders, to(messages), to(letters), log);
  const overlap = createOverlap(orders.identity);
  overlap.begin();
  const hear = (frame: string) => receiver.onFrame(frame, overlap, (feed) => seen.push(feed));
  return { hear, messages, letters, seen, counts: receiver.counts };
}

Deno.test("a frame without a message is counted as ignored, and shows that its feed is alive", () => {
  const { hear, messages, seen, counts } = ordersReceiver();
  assert.deepEqual(hear(frameOf([])), { feed: "!orders" });
  assert.deepEqual([messages.length, seen.length, counts.received, counts.ignored], [0, 0, 1, 1]);
});

Deno.test("a frame of two messages gives both, in their order", () => {
  const { hear, messages, seen, counts } = ordersReceiver();
  hear(frameOf([7, 8]));
  assert.deepEqual(messages.map(({ value }) => type.codec.decode(String(value)).id), [7, 8]);
  assert.deepEqual([seen, counts.received, counts.ignored], [["!orders", "!orders"], 2, 0]);
});

Deno.test("whatever comes, received is the sum of what became of it", () => {
  const frame = fc.oneof(fc.array(fc.nat(20), { maxLength: 3 }).map(frameOf), fc.constantFrom("{}", "?"));
  fc.assert(fc.property(fc.array(frame), (frames) => {
    const { hear, messages, letters, counts } = ordersReceiver();
    for (const frame of frames) hear(frame);
    assert.equal(counts.received, messages.length + letters.length + counts.duplicate + counts.ignored);
    assert.ok(counts.received >= frames.length);
  }));
});

Deno.test("a frame of another form than the fast decoder knows is counted, and stored all the same", () => {
  const { hear, messages, counts } = receiverOf();
  for (const frame of [sample, ` ${sample}`, '{"result":null,"id":1}']) hear(frame);
  assert.deepEqual([messages.length, counts.fallbacks], [2, 1]);
});
