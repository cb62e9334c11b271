import assert from "node:assert/strict";
import fc from "fast-check";
import { anyBook, anyKline } from "../tests/arbitraries.ts";
import type { Stream } from "../shared/stream.ts";
import { gap } from "../shared/streams/gap.ts";
import { type Kline, kline } from "../shared/streams/kline.ts";
import { book } from "../shared/streams/book.ts";
import { tick } from "./postgres/test_rows.ts";
import { createDecoder, newestPerRow } from "./decode.ts";

const utf8 = new TextEncoder();

/** What values decode to, each with its place: messages, those that are bad with the reason, those of the old pipeline. */
function decodeAll<M extends { symbol: string }>(
  stream: Stream<M>,
  values: (string | Uint8Array | null)[],
) {
  const decoder = createDecoder(stream.message);
  const found = { messages: [] as [number, M][], bad: [] as [number, string][], legacy: [] as number[] };
  for (const [place, value] of values.entries()) {
    const bytes = typeof value === "string" ? utf8.encode(value) : value;
    const message = decoder.read(bytes);
    const fault = message ? undefined : decoder.faultIn(bytes);
    if (message) found.messages.push([place, message]);
    else if (fault === undefined) found.legacy.push(place);
    else found.bad.push([place, fault]);
  }
  return found;
}

const goodOf = (message: Kline) => kline.message.codec.encode(message);

Deno.test("a message that can't be decoded is set aside with the reason, and the messages beside it are not", () => {
  // Not even an empty object, which would be another pipeline's.
  const anyNoise = fc.uint8Array().filter((bytes) => !bytes.includes(0x7b));
  fc.assert(fc.property(anyKline, anyNoise, (message, noise) => {
    const good = goodOf(message);
    const { messages, bad, legacy } = decodeAll(kline, [
      good,
      "{",
      good,
      "",
      null,
      noise,
      good.replace('"open":"', '"open":"x'),
      new Uint8Array([0xff]),
    ]);
    assert.deepEqual(messages, [[0, message], [2, message]]);
    assert.deepEqual(bad.map(([place]) => place), [1, 3, 4, 5, 6, 7]);
    assert.equal(bad[4][1], "open: must be a plain decimal, such as 61800.20");
    assert.equal(bad[5][1], "it is not UTF-8 text");
    assert.deepEqual(legacy, []);
  }));
});

Deno.test("a message of the old pipeline, which has no receivedAt, is counted and skipped", () => {
  const old = '{"symbol":"BTCUSDT","open_time":1626992700000,"open":1.5}';
  const { messages, bad, legacy } = decodeAll(kline, [old, "{}", "[]", "null", "1"]);
  assert.deepEqual([messages.length, bad.length, legacy], [0, 3, [0, 1]]);
});

Deno.test("a stream whose messages have no receivedAt has no old pipeline", () => {
  const { bad, legacy } = decodeAll(gap, ["{}"]);
  assert.deepEqual([bad.length, legacy.length], [1, 0]);
});

/** The row that remains after batches, each merged and then upserted by the design's order, computed a second time from its words. */
function stored(batches: Kline[][]): Map<string, Kline> {
  const rows = new Map<string, Kline>();
  for (const message of batches.flatMap((batch) => newestPerRow(kline.message, batch))) {
    const key = [message.symbol, message.interval, message.openTime].join();
    const old = rows.get(key);
    if (!old) rows.set(key, message);
    else if (
      message.isClosed !== old.isClosed
        ? message.isClosed
        : message.revision !== old.revision
        ? message.revision > old.revision
        : message.eventTime > old.eventTime
    ) {
      const { firstTradeId, lastTradeId } = message;
      rows.set(key, {
        ...message,
        firstTradeId: firstTradeId ?? old.firstTradeId,
        lastTradeId: lastTradeId ?? old.lastTradeId,
      });
    }
  }
  return rows;
}

Deno.test("the same versions of candles remain, whatever batches they come in", () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1 });
  fc.assert(fc.property(fc.array(anyKline, { maxLength: 40 }), cuts, (messages, cuts) => {
    const batches: Kline[][] = [];
    for (let at = 0, i = 0; at < messages.length; i++) {
      batches.push(messages.slice(at, at += cuts[i % cuts.length]));
    }
    assert.deepEqual(stored(batches), stored(messages.map((message) => [message])));
    assert.deepEqual(stored([messages]), stored(batches));
  }));
});

Deno.test("of a batch one message a row remains: the newest version, or the first if versions are not replaced", () => {
  fc.assert(fc.property(fc.array(anyBook, { minLength: 1 }), (messages) => {
    const again = messages.map((message) => ({ ...message, receivedAt: 1, bidPrice: "1" }));
    assert.deepEqual(
      newestPerRow(book.message, [...messages, ...again]),
      newestPerRow(book.message, messages),
    );
    const rows = newestPerRow(book.message, messages).map(({ symbol, updateId, transactionTime }) =>
      [symbol, updateId, transactionTime].join()
    );
    assert.equal(new Set(rows).size, rows.length);
  }));
});

Deno.test("what the fast decoder does not know is counted, unless it knows no message of the stream", () => {
  const decoder = createDecoder(book.message);
  // Any message would not do: the fast decoder leaves long ids, late times and Unicode to the codec.
  const usual = book.message.codec.encode(tick(1));
  for (const text of [usual, ` ${usual}`, "{", usual]) decoder.read(utf8.encode(text));
  assert.equal(decoder.fallbacks, 2);

  const candles = createDecoder(kline.message);
  candles.read(utf8.encode(goodOf(fc.sample(anyKline, 1)[0])));
  assert.equal(candles.fallbacks, 0);
});
