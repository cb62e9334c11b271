import assert from "node:assert/strict";
import fc from "fast-check";
import { columnName, type ColumnType, readType } from "../../shared/columns.ts";
import type { Stream } from "../../shared/stream.ts";
import { book } from "../../shared/streams/book.ts";
import { gap, type GapRow } from "../../shared/streams/gap.ts";
import { kline } from "../../shared/streams/kline.ts";
import { anyBook, anyDecimal, anyKline, anyTime } from "../../tests/arbitraries.ts";
import { emptyDatabase } from "../../tests/stack.ts";
import { createEncoder, writeNumeric } from "./encoder.ts";
import { copyIn } from "./copy.ts";
import { type Sample, sample, sampleStream } from "./test_stream.ts";

/** A decimal as PostgreSQL prints it: without zeros in front, and zero without a sign. */
function canonical(decimal: string): string {
  const [, sign, whole, rest = ""] = /^(-?)0*(\d+?)(\..*)?$/.exec(decimal)!;
  return (/[1-9]/.test(whole + rest) ? sign : "") + whole + rest;
}

Deno.test("a number becomes PostgreSQL's digits of base 10,000, without the zeros at both ends", () => {
  const wordsOf = (decimal: string) => {
    const view = new DataView(new ArrayBuffer(64));
    const length = writeNumeric(view, 0, decimal);
    return Array.from({ length: length / 2 }, (_, i) => view.getUint16(i * 2));
  };
  // The number of digits, the weight of the first, the sign, the decimals; then the digits.
  assert.deepEqual(wordsOf("0"), [0, 0, 0, 0]);
  assert.deepEqual(wordsOf("-0.00"), [0, 0, 0, 2]);
  assert.deepEqual(wordsOf("254020"), [2, 1, 0, 0, 25, 4020]);
  assert.deepEqual(wordsOf("-0.5"), [1, 0xffff, 0x4000, 1, 5000]);
  assert.deepEqual(wordsOf("0.00010000"), [1, 0xffff, 0, 8, 1]);
  assert.deepEqual(wordsOf("61800.20"), [3, 1, 0, 2, 6, 1800, 2000]);
  assert.deepEqual(wordsOf("100000000"), [1, 2, 0, 0, 1]);
});

/** Each column of a stream with its type in PostgreSQL. */
function columnsOf<M extends { symbol: string }>({ storage }: Stream<M>) {
  return (Object.entries(storage.columns) as [keyof M & string, ColumnType][])
    .map(([field, type]) => [field, readType(type).type] as const);
}

/** The rows that the server has once they were copied in, each value as text, in the order in which they came. */
async function rowsInServer<M extends { symbol: string }>(
  stream: Stream<M>,
  batches: M[][],
): Promise<(string | null)[][]> {
  await using database = await emptyDatabase();
  const { sql } = database;
  const columns = columnsOf(stream).map(([field, type]) => [columnName(field), type]);
  // A page with room left may take a row that came later: only a number of its own tells the order.
  const nth = "nth_row bigint generated always as identity";
  await sql.unsafe(`create table stored (${nth}, ${columns.map(([name, type]) => `"${name}" ${type}`)})`);
  const copy = `copy stored (${columns.map(([name]) => `"${name}"`)}) from stdin (format binary)`;
  const encode = createEncoder<M>(stream.storage);
  const connection = await sql.reserve();
  for (const batch of batches) {
    const bytes = encode(batch);
    if (bytes) await copyIn(connection, copy, bytes);
  }
  connection.release();
  const shown = columns.map(([name, type]) =>
    type === "timestamptz"
      ? `(extract(epoch from "${name}") * 1000)::numeric(20, 3)::text`
      : `"${name}"::text`
  );
  return [
    ...await sql.unsafe(`select ${shown} from stored order by nth_row`).values(),
  ] as (string | null)[][];
}

/** What the server should show of a message. */
function shown<M extends { symbol: string }>(stream: Stream<M>, message: M): (string | null)[] {
  return columnsOf(stream).map(([field, type]) => {
    const value = message[field];
    if (value === null) return null;
    if (type === "numeric") return canonical(String(value));
    if (type === "timestamptz") return `${value}.000`;
    return type === "json" ? JSON.stringify(value) : String(value);
  });
}

Deno.test("every price, id and time of a candle is stored as it was sent, to the last zero", async () => {
  const batches = fc.sample(fc.array(anyKline, { maxLength: 60 }), 30);
  const rows = await rowsInServer(kline, batches);
  assert.deepEqual(rows, batches.flat().map((message) => shown(kline, message)));
});

Deno.test("every price, id and time of a best bid and ask is stored as it was sent", async () => {
  const edges = [
    "0.00010000",
    "254020",
    "-0.5",
    "0",
    "-0.00",
    "9".repeat(32),
    `0.${"1".repeat(32)}`,
    "10000",
    "0001.10",
  ];
  const made = fc.sample(anyBook, edges.length);
  const batches = [...fc.sample(fc.array(anyBook), 30), made.map((one, i) => ({ ...one, askQty: edges[i] }))];
  const rows = await rowsInServer(book, batches);
  assert.deepEqual(rows, batches.flat().map((message) => shown(book, message)));
});

Deno.test("a count that is not known is null", async () => {
  const anyGap: fc.Arbitrary<GapRow> = fc.record({
    stream: fc.constantFrom("kline", "book"),
    symbol: fc.constantFrom("BTCUSDT", "币安人生USDT"),
    startedAt: anyTime,
    endedAt: anyTime,
    reason: fc.constantFrom("restart", "lost connection", "é".repeat(50)),
    dropped: fc.option(fc.nat()),
    feed: fc.constant("btcusdt@bookTicker"),
    cause: fc.constant("coverage"),
    firstId: fc.constant(0),
  });
  const batch = fc.sample(anyGap, 100);
  assert.deepEqual(await rowsInServer<GapRow>(gap, [batch]), batch.map((message) => shown(gap, message)));
});

const anySample: fc.Arbitrary<Sample> = fc.record({
  symbol: fc.constantFrom("BTCUSDT", "币安人生USDT"),
  nth: fc.nat(),
  size: anyDecimal,
  sizeOrNull: fc.option(anyDecimal),
  count: fc.maxSafeInteger(),
  countOrNull: fc.option(fc.maxSafeInteger()),
  at: anyTime,
  atOrNull: fc.option(anyTime),
  isFinal: fc.boolean(),
  isFinalOrNull: fc.option(fc.boolean()),
  detail: fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
  detailOrNull: fc.option(fc.dictionary(fc.string(), fc.jsonValue())),
});

Deno.test("each column type takes nulls where the stream has them, and JSON is in the server as it was written", async () => {
  const odd = {
    "": "\0",
    quote: '"\\',
    half: "\ud800",
    deep: [[{ 人生: null }], -0.1, 1e300],
    long: "é".repeat(70_000),
  };
  const batches = [...fc.sample(fc.array(anySample), 30), [sample({ detail: odd }), sample({ detail: {} })]];
  const stream = sampleStream();
  assert.deepEqual(await rowsInServer(stream, batches), batches.flat().map((one) => shown(stream, one)));
});
