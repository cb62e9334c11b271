import type { Config } from "../../shared/config/config.ts";
import type { Log } from "../../shared/log.ts";
import { isTransient } from "../../shared/postgres/error.ts";
import { databaseFault } from "../../shared/postgres/fault.ts";
import { connectLasting, type Row } from "../../shared/postgres/mod.ts";
import { requireSchema, requireServer } from "../../shared/postgres/schema.ts";
import { retryForever } from "../../shared/retry.ts";
import type { Range } from "./ranges.ts";

/** The migration that made what the worker uses. */
const MIGRATION = 42;

/** The states of ranges, not of gaps that were settled. */
const unsettled = ["missing", "reachable", "too old"];

/** What the gap ledger says. */
export interface Repairs {
  /** What the newest gaps lack. */
  readonly missing: readonly Range[];
  /** What gaps lack that is older than REST reaches back. */
  readonly tooOld: readonly Range[];
  /** How many gaps were settled, by their state. */
  readonly settled: Readonly<Record<string, number>>;
  /** Gaps that are unrepaired now. */
  readonly unrepaired: number;
}

/** The gap ledger, as the repair worker uses it. Each call tries again until the database answers, or the signal is aborted. */
export interface Ledger extends AsyncDisposable {
  /** Takes or renews the right to repair; false while another worker has it. */
  claim(signal: AbortSignal): Promise<boolean>;
  release(): Promise<void>;
  /**
   * Settles gaps that lack nothing, and tells what others lack, `most` ranges at least if there are so many.
   * @param putOff feeds for which nothing is to be asked now, see `feedKey`
   */
  next(most: number, putOff: readonly string[], signal: AbortSignal): Promise<Repairs>;
  /** Notes that the range's rows up to a position are on Kafka, and what the exchange has not. */
  note(
    range: Range,
    upTo: number,
    absent: readonly (readonly [number, number])[],
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * What is to be compared with the exchange's, `most` ranges at most: each of them once, when it is over.
   * @param putOff as for `next`
   */
  nextAudits(most: number, putOff: readonly string[], signal: AbortSignal): Promise<readonly Range[]>;
  /** Compares what the exchange gave of a range with what is stored; returns the positions that are otherwise, or missing. */
  judge(range: Range, given: readonly unknown[], signal: AbortSignal): Promise<readonly number[]>;
  /** Notes that a range of `nextAudits` is compared, and what replaces its rows is on Kafka: it is not offered again. */
  noteAudited(range: Range, signal: AbortSignal): Promise<void>;
  /** Why the database can't be used; absent while it can. */
  readonly trouble?: string;
}

/** Opens the ledger of a schema; `name` tells this worker from others. */
export async function openLedger(
  database: Config["database"],
  name: string,
  log: Log,
  signal: AbortSignal,
): Promise<Ledger> {
  const { schema } = database;
  const sql = connectLasting(database, log, 2);
  let trouble: string | undefined;
  const insist = <T>(attempt: () => Promise<T>, signal: AbortSignal) =>
    retryForever(attempt, {
      ...{ signal, log, kind: "database", passing: isTransient },
      explain: (error) => databaseFault(database, error),
      onTrouble: (words) => trouble = words,
    });

  await insist(async () => {
    await requireServer(sql);
    await requireSchema(sql, schema, MIGRATION);
  }, signal);

  return {
    claim: (signal) =>
      insist(async () => {
        const [{ is_held }] = await sql`select ${sql(schema)}.claim_repair(${name}) as is_held`;
        return is_held;
      }, signal),
    async release() {
      await sql`select ${sql(schema)}.release_repair(${name})`.catch(() => {});
    },
    next: (most, putOff, signal) =>
      insist(async () => {
        const rows = await sql`
          select * from ${sql(schema)}.next_repairs(${most}, ${JSON.stringify(putOff)}::text::jsonb)`;
        const [{ unrepaired }] = await sql`
          select count(*)::int as unrepaired from ${sql(schema)}.gap_data where state = 'unrepaired'`;
        const ranges = (...states: string[]) =>
          rows.filter(({ state }) => states.includes(state)).map(rangeOf);
        const settled: Record<string, number> = {};
        for (const { state } of rows) {
          if (!unsettled.includes(state)) settled[state] = (settled[state] ?? 0) + 1;
        }
        return { missing: ranges("missing", "reachable"), tooOld: ranges("too old"), settled, unrepaired };
      }, signal),
    async note({ stream, feed, first, startsAt }, upTo, absent, signal) {
      await insist(() =>
        sql`
          select ${sql(schema)}.note_answer(
            ${stream}, ${feed}, ${first}, ${upTo}, ${new Date(startsAt)},
            ${JSON.stringify(absent)}::text::jsonb)`, signal);
    },
    nextAudits: (most, putOff, signal) =>
      insist(async () => {
        const rows = await sql`
          select * from ${sql(schema)}.next_audits(${most}, ${JSON.stringify(putOff)}::text::jsonb)`;
        return rows.map(rangeOf);
      }, signal),
    judge: ({ stream, feed, symbol, first, last }, given, signal) =>
      insist(async () => {
        const rows = await sql`
          select position from ${sql(schema)}.judge_answer(
            ${stream}, ${feed}, ${symbol}, ${first}, ${last}, ${
          JSON.stringify(given)
        }::text::jsonb) as position`;
        return rows.map(({ position }) => Number(position));
      }, signal),
    async noteAudited({ feed, finalAt }, signal) {
      await insist(() => sql`select ${sql(schema)}.note_audited(${feed}, ${new Date(finalAt)})`, signal);
    },
    get trouble() {
      return trouble;
    },
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
}

function rangeOf(row: Row): Range {
  return {
    ...{ stream: row.stream, feed: row.feed, symbol: row.symbol },
    ...{ first: Number(row.first_position), last: Number(row.last_position) },
    ...{ positions: Number(row.positions), startsAt: Number(row.starts_at) },
    ...{ finalAt: Number(row.final_at), isCut: row.state === "reachable" },
    reachEndsAt: row.reach_ends_at === null ? Infinity : Number(row.reach_ends_at),
  };
}
