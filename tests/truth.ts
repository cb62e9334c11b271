import { copyIn } from "../consumers/postgres/copy.ts";
import type { Truth } from "../local/exchange/truth.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { type Expectation, expectations } from "./expectations.ts";

/** How a table compares with what the exchange sent. */
export interface Comparison {
  /** Rows that the table should have. */
  readonly expected: number;
  /** Rows that it has. */
  readonly stored: number;
  /** Expected and not stored. */
  readonly lost: number;
  /** Stored and not expected: a second row, or one of another key. */
  readonly doubled: number;
  /** Stored with a field that is not what the exchange sent. */
  readonly wrong: number;
  /** Some of those rows, in words. */
  readonly samples: string[];
}

/** What a comparison needs. */
export interface Leeway {
  /**
   * The most that `E` may be ahead of the truth's, in ms. In a generated market it differs by connection, by up to 9 ms;
   * in a recording it does not.
   */
  readonly eventTime?: number;
  /** Columns that are not compared: REST does not tell them. */
  readonly without?: readonly string[];
  /** The rows of which they are not compared, as SQL of the stored row `kept`; by default all. */
  readonly fetched?: string;
}

/**
 * Compares a table with the exchange's ground truth, row by row and field by field, prices as text. The database itself does
 * it, from the payloads as they were sent, so nothing of what is tested has a part in what is expected; millions of rows are
 * no matter.
 */
export async function compareWithTruth(
  sql: Sql,
  topic: keyof typeof expectations,
  truth: AsyncIterable<Truth>,
  leeway: Leeway = {},
): Promise<Comparison> {
  const expectation = expectations[topic];
  const connection = await sql.reserve();
  try {
    await connection`create temp table frames (n bigint generated always as identity, data jsonb)`;
    for await (const bytes of payloads(truth, expectation.event)) {
      await copyIn(connection, "copy frames (data) from stdin", bytes);
    }
    await connection.unsafe(`create temp table expected as ${rowsOf(expectation)}`);
    await connection`analyze expected`;
    const joined = joinOf(`websocket.${topic}`, expectation, leeway);
    const [counts] = await connection.unsafe<[Omit<Comparison, "samples">]>(`
      select
        count(*) filter (where is_sent)::int as expected,
        count(*) filter (where is_stored)::int as stored,
        count(*) filter (where not is_stored)::int as lost,
        count(*) filter (where not is_sent)::int as doubled,
        count(*) filter (where is_sent and is_stored and not agrees)::int as wrong
      ${joined}`);
    const odd = await connection.unsafe(`
      select row_to_json(sent)::text as sent, row_to_json(kept)::text as kept
      ${joined} where not (is_sent and is_stored and agrees) limit 3`);
    await connection`drop table frames, expected`;
    return { ...counts, samples: odd.map(({ sent, kept }) => `sent ${sent}, stored ${kept}`) };
  } finally {
    connection.release();
  }
}

/** Bytes of one COPY. */
const COPY_BYTES = 2 ** 20;

/** The payloads of one kind as lines of COPY's text format, in blocks. */
async function* payloads(truth: AsyncIterable<Truth>, event: string): AsyncGenerator<Uint8Array> {
  let text = "";
  for await (const { data } of truth) {
    if (data.e !== event) continue;
    text += JSON.stringify(data).replaceAll("\\", "\\\\") + "\n";
    if (text.length > COPY_BYTES) {
      yield new TextEncoder().encode(text);
      text = "";
    }
  }
  if (text) yield new TextEncoder().encode(text);
}

/** The rows that the frames should make: of one key the first by the design's order. */
function rowsOf({ columns, key, order }: Expectation): string {
  const fields = Object.entries(columns).map(([name, expression]) => `${expression} as ${name}`);
  return `select distinct on (${key}) * from (select n, ${fields.join(", ")} from frames) as row
    order by ${key}, ${[...order, "n"].join(", ")}`;
}

/** Each expected row beside the stored one of its key, and what there is of the two. */
function joinOf(
  table: string,
  { columns, key }: Expectation,
  { eventTime = 0, without = [], fetched = "true" }: Leeway,
): string {
  const equal = (name: string, expression: string) =>
    name === "event_time"
      ? `kept.event_time - sent.event_time between interval '0' and interval '${eventTime} ms'`
      // What is a string in JSON is compared as text. Null where there should be a value is wrong.
      : `sent.${name} is not distinct from kept.${name}${expression.endsWith("'") ? "::text" : ""}`;
  const agree = Object.entries(columns).map(([name, expression]) =>
    without.includes(name) ? `(${fetched} or ${equal(name, expression)})` : equal(name, expression)
  );
  return `from expected as sent full join ${table} as kept using (${key}),
    lateral (select sent.n is not null as is_sent, kept.received_at is not null as is_stored,
      ${agree.join(" and ")} as agrees) as findings`;
}
