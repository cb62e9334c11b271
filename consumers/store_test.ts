import assert from "node:assert/strict";
import type { Batch } from "../shared/kafka/mod.ts";
import { ConfigError } from "../shared/config/config.ts";
import { silent } from "../tests/silent.ts";
import type { Stream } from "../shared/stream.ts";
import { type Book, book } from "../shared/streams/book.ts";
import { type Kline, kline } from "../shared/streams/kline.ts";
import { tick } from "../tests/ticks.ts";
import { type Refused, RefusedError } from "./sink.ts";
import { createDecoder } from "./decode.ts";
import { createStore, type Unwanted } from "./store.ts";

const database = {
  signal: new AbortController().signal,
  kind: "database" as const,
  log: silent,
};

/** A batch of these texts, from offset 0 on. */
function batchOf(texts: string[], partition = 0): Batch {
  const messages = texts.map((text, i) => ({
    key: null,
    value: new TextEncoder().encode(text),
    offset: String(i),
  }));
  return { topic: "t", partition, messages, bytes: 0, nextOffset: String(texts.length), behind: 0 };
}

/** A store on a database that takes what it is given, but for rows that it refuses; and what it was given. */
function storeOf<M extends { symbol: string }>(
  stream: Stream<M>,
  refuse: (rows: M[]) => Refused[] = () => [],
  { isExpired = () => false, waiting = () => [], onTrouble }: {
    isExpired?: (message: M) => boolean;
    waiting?: () => Batch[];
    onTrouble?: (words?: string) => void;
  } = {},
) {
  const written: M[][] = [];
  const setAside: Unwanted[] = [];
  const store = createStore(stream.message, {
    decoder: createDecoder(stream.message),
    sink: {
      write(load: () => Iterable<M>) {
        written.push([...load()]);
        return new Promise((resolve) => resolve(refuse(written.at(-1)!)));
      },
      expiry: () => isExpired,
    },
    retry: { ...database, onTrouble },
    waiting,
    setAside: (unwanted) => Promise.resolve(void setAside.push(...unwanted)),
  });
  return { store, written, setAside };
}

const text = (updateId: number) => book.message.codec.encode(tick(1_790_000_000_000, { updateId }));

Deno.test("rows that the database refuses, values that can't be decoded, old messages and good ones get different results", async () => {
  const refuse = (rows: Book[]) => [{ index: rows.findIndex(({ updateId }) => updateId === 4), cause: "no" }];
  const { store, written, setAside } = storeOf(book, refuse, {
    isExpired: ({ updateId }) => updateId === 2,
  });
  const batches = [
    batchOf([text(1), "{", text(2)]),
    batchOf([text(3), '{"symbol":"A"}', text(4), text(5)], 1),
  ];
  const outcomes = await store(batches);
  assert.deepEqual(written.map((rows) => rows.map(({ updateId }) => updateId)), [[1, 3, 4, 5]]);
  assert.deepEqual(outcomes.map(({ results }) => results), [
    ["stored", "rejected", "expired"],
    ["stored", "legacy", "rejected", "stored"],
  ]);
  assert.deepEqual(setAside.map(({ batch, place }) => [batch.partition, place]), [[0, 1], [1, 2]]);
  assert.equal(setAside[1].cause, "no");
  assert.deepEqual(outcomes.map(({ nextOffset }) => nextOffset), ["3", "4"]);
});

Deno.test("a record batch that can't be read is set aside with its bytes, whatever they look like, and nothing is stored of it", async () => {
  const { store, written, setAside } = storeOf(book);
  const damage = { cause: "its checksum is wrong", records: 3 };
  const [like] = batchOf([text(1)]).messages;
  const damaged = { ...batchOf([]), messages: [{ ...like, damage }], nextOffset: "3" };
  const outcomes = await store([damaged, batchOf([])]);
  assert.deepEqual(written, [[]]);
  const became = outcomes.map(({ results, nextOffset }) => [results, nextOffset]);
  assert.deepEqual(became, [[["rejected"], "3"], [[], "0"]]);
  assert.deepEqual(setAside.map(({ place, cause }) => [place, cause]), [[0, "its checksum is wrong"]]);
});

const { wire, toMessages, sample } = kline.feed!;
const [candle] = toMessages(wire.parse(JSON.parse(sample).data), 1) as [Kline];
const version = (fields: Partial<Kline>) => kline.message.codec.encode({ ...candle, ...fields });

Deno.test("of several versions of a candle the newest is written; if that is refused, the one before it", async () => {
  const refuse = (rows: Kline[]) =>
    rows.flatMap(({ eventTime }, index) => eventTime === 7 ? [{ index, cause: "no" }] : []);
  const { store, written, setAside } = storeOf(kline, refuse);
  const batch = batchOf([
    version({ isClosed: false, eventTime: 5 }),
    version({ isClosed: false, eventTime: 7 }),
    version({ isClosed: false, eventTime: 6 }),
    version({ openTime: 0 }),
  ]);
  const [{ results, prices }] = await store([batch]);
  const times = written.map((rows) => rows.map(({ eventTime }) => eventTime));
  assert.deepEqual(times, [[7, candle.eventTime], [6, candle.eventTime]]);
  assert.deepEqual(results, ["stored", "rejected", "stored", "stored"]);
  assert.deepEqual(setAside.map(({ place }) => place), [1]);
  assert.deepEqual(prices, { [candle.symbol]: candle.close });
});

Deno.test("messages that are written again after a failed attempt are counted once", async () => {
  const { store, written } = storeOf(book, () => {
    if (written.length < 3) throw new Error("the database is away");
    return [];
  });
  const [{ results, receivedAt }] = await store([batchOf([text(1), text(2)])]);
  assert.equal(written.length, 3);
  assert.deepEqual([results, receivedAt.length], [["stored", "stored"], 2]);
});

Deno.test("a row that is refused alone is judged together with rows that wait, which keep their turn", async () => {
  const refuse = (rows: Book[]) => {
    if (rows.length === 1) throw new RefusedError("1 of 1 rows are refused");
    return rows.flatMap(({ updateId }, index) => updateId % 2 === 1 ? [{ index, cause: "odd" }] : []);
  };
  const { store, written, setAside } = storeOf(book, refuse, {
    waiting: () => [batchOf([text(2), text(3)], 1)],
  });
  const outcomes = await store([batchOf([text(1)])]);
  assert.deepEqual(written.map((rows) => rows.map(({ updateId }) => updateId)), [[1], [1, 2, 3]]);
  assert.deepEqual(outcomes.map(({ results }) => results), [["rejected"]]);
  assert.deepEqual(setAside.map(({ place, cause }) => [place, cause]), [[0, "odd"]]);
});

Deno.test("a refused row is set aside even if a row that waits is refused, too", async () => {
  const isBad = ({ openTime }: Kline) => openTime < 2;
  const refuse = (rows: Kline[]) => {
    if (written.length > 5) throw new ConfigError("it is written for ever");
    if (rows.length > 0 && rows.every(isBad)) throw new RefusedError("1 of 1 rows are refused");
    return rows.flatMap((row, index) => isBad(row) ? [{ index, cause: "no" }] : []);
  };
  const { store, written, setAside } = storeOf(kline, refuse, {
    waiting: () => [batchOf([version({ openTime: 1 }), version({ openTime: 2 })], 1)],
  });
  assert.deepEqual((await store([batchOf([version({ openTime: 0 })])])).map(({ results }) => results), [[
    "rejected",
  ]]);
  assert.deepEqual(setAside.map(({ batch, place }) => [batch.partition, place]), [[0, 0]]);
});

Deno.test("while most rows are refused nothing is set aside, and all are stored after the repair", async () => {
  let attempts = 0;
  const troubles: (string | undefined)[] = [];
  const { store, setAside } = storeOf(book, () => {
    if (attempts++ < 3) throw new RefusedError("2 of 2 rows are refused");
    return [];
  }, { onTrouble: (words) => troubles.push(words) });
  const [{ results }] = await store([batchOf([text(1), text(2)])]);
  assert.deepEqual(results, ["stored", "stored"]);
  assert.deepEqual(setAside, []);
  assert.deepEqual(troubles, ["2 of 2 rows are refused", "2 of 2 rows are refused", undefined]);
});
