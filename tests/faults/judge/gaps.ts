import type { Sql } from "../../../shared/postgres/mod.ts";

/** An interval of a feed, from `from` on and before `to`, in ms of the exchange's time. */
export interface Interval {
  readonly feed: string;
  readonly from: number;
  readonly to: number;
}

/** A row of the gap ledger; `to` is Infinity while the gap goes on. */
export interface Gap extends Interval {
  readonly stream: string;
  readonly symbol: string;
  readonly cause: string;
  readonly reason: string;
  readonly state: string;
  readonly dropped: number | null;
}

const ms = (sql: Sql, column: string) => sql`(extract(epoch from ${sql(column)}) * 1000)::float8`;

/** The gap ledger's rows. Each feed has one without an end once its producers have ended. */
export async function readGaps(sql: Sql): Promise<Gap[]> {
  return await sql<Gap[]>`
    select stream, feed, symbol, cause, reason, state, dropped::float8 as dropped, ${
    ms(sql, "started_at")
  } as from,
      coalesce(${ms(sql, "ended_at")}, 'infinity') as to
    from websocket.gap_data order by started_at, feed`;
}

/** What the producers say that they covered. */
export async function readCoverage(sql: Sql): Promise<Interval[]> {
  return await sql<Interval[]>`
    select feed, ${ms(sql, "covered_from")} as from, ${ms(sql, "covered_to")} as to
    from websocket.coverage where covered_from < covered_to`;
}
