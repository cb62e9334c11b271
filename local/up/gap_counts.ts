import type { Sql } from "../../shared/postgres/mod.ts";

/** The states of a gap in the ledger: those that a person may want to look at come first. */
const states = ["open", "unknown", "unrepaired", "lost", "absent", "repaired"] as const;

/** How many gaps the ledger has in each state. */
export type GapCounts = Readonly<Record<(typeof states)[number], number>>;

/** Counts the gaps of a schema. */
export async function countGaps(sql: Sql, schema: string): Promise<GapCounts> {
  const rows = await sql`
    select state, count(*)::int as count
    from (
      select state from ${sql(schema)}.gap_data
      union all
      select 'unknown' from ${sql(schema)}.unread_feeds
    ) as gap
    group by state`;
  const counts = new Map(rows.map(({ state, count }) => [state, count]));
  return Object.fromEntries(states.map((state) => [state, counts.get(state) ?? 0])) as GapCounts;
}

/** The counts in words, without those that are 0. */
export function gapWords(counts: GapCounts): string {
  const words = states.filter((state) => counts[state] > 0)
    .map((state) => `${counts[state].toLocaleString("en-US")} ${state}`);
  return words.length > 0 ? words.join(", ") : "none";
}
