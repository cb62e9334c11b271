import assert from "node:assert/strict";
import fc from "fast-check";
import { columnName, readType } from "../../shared/columns.ts";
import { type Book, book } from "../../shared/streams/book.ts";
import { type Gap, gap } from "../../shared/streams/gap.ts";
import { type Kline, kline } from "../../shared/streams/kline.ts";
import { anyBook, anyKline, anyTime } from "../../tests/arbitraries.ts";
import { emptyDatabase } from "../../tests/stack.ts";
import { createEncoder, writeNumeric } from "./binary.ts";
import { copyIn } from "./copy.ts";

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

/** The rows that the server has once they were copied in, each value as text, in the order in which they came. */
async function rowsInServer<M extends { symbol: string }>(
  stream: typeof book | typeof kline | typeof gap,
  batches: M[][],
): Promise<(string | null)[][]> {
  await using database = await emptyDatabase();
  const { sql } = database;
  const columns = Object.entries(stream.storage.columns).map((
    [field, type],
  ) => [columnName(field), readType(type).type]);
  // A page with room left may take a row that came later: only a number of its own tells the order.
  const nth = "nth bigint generated always as identity";
  await sql.unsafe(`create table stored (${nth}, ${columns.map(([name, type]) => `"${name}" ${type}`)})`);
  const copy = `copy stored (${columns.map(([name]) => `"${name}"`)}) from stdin (format binary)`;
  const encode = createEncoder<M>(stream.storage as never); // each stream is given its own messages
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
  return [...await sql.unsafe(`select ${shown} from stored order by nth`).values()] as (string | null)[][];
}

/** What the server should show of a message. */
function shown<M extends object>(stream: { storage: { columns: object } }, message: M): (string | null)[] {
  return Object.entries(stream.storage.columns).map(([field, type]) => {
    const value = message[field as keyof M];
    if (value === null) return null;
    return type === "numeric"
      ? canonical(value as string)
      : type === "timestamptz"
      ? `${value}.000`
      : String(value);
  });
}

Deno.test("every price, id and time of a candle is stored as it was sent, to the last zero", async () => {
  const batches = fc.sample(fc.array(anyKline, { maxLength: 60 }), 30);
  const rows = await rowsInServer<Kline>(kline, batches);
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
  const rows = await rowsInServer<Book>(book, batches);
  assert.deepEqual(rows, batches.flat().map((message) => shown(book, message)));
});

Deno.test("a count that is not known is null", async () => {
  const anyGap: fc.Arbitrary<Gap> = fc.record({
    stream: fc.constantFrom("kline", "book"),
    symbol: fc.constantFrom("BTCUSDT", "币安人生USDT"),
    startedAt: anyTime,
    endedAt: anyTime,
    reason: fc.constantFrom("restart", "lost connection", "é".repeat(50)),
    dropped: fc.option(fc.nat()),
  });
  const batch = fc.sample(anyGap, 100);
  assert.deepEqual(await rowsInServer<Gap>(gap, [batch]), batch.map((message) => shown(gap, message)));
});
