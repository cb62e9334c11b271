import type { Sql } from "../../shared/postgres/mod.ts";

/** How many closed candles are compared with the sum of their trades, how that went, and how many are not compared, and why. */
export interface AuditCounts {
  /** Those that are compared. */
  readonly candles: number;
  readonly equal_trades: number;
  /** An aggregated trade that spans a minute's boundary explains the difference. */
  readonly edge: number;
  readonly differs: number;
  /** A gap of trades touches the minute. */
  readonly in_gap: number;
  /** No stored trade is older, or none is kept. */
  readonly without_trades: number;
  /** Trades may be under way. */
  readonly waiting: number;
}

/** Counts the candles of a schema. */
export async function countAudit(sql: Sql, schema: string): Promise<AuditCounts> {
  const [counts] = await sql<AuditCounts[]>`
    select coalesce(sum(judged_trades), 0)::int as candles, coalesce(sum(equal_trades), 0)::int as equal_trades,
      coalesce(sum(edge), 0)::int as edge, coalesce(sum(judged_trades - equal_trades - edge), 0)::int as differs,
      coalesce(sum(in_gap), 0)::int as in_gap, coalesce(sum(without_trades), 0)::int as without_trades,
      coalesce(sum(waiting), 0)::int as waiting
    from ${sql(schema)}.audit_days`;
  return { ...counts };
}

/** The counts in words. */
export function auditWords({ candles, equal_trades, ...counts }: AuditCounts): string {
  const listed = (words: [number, string][]) =>
    words.filter(([count]) => count > 0).map(([count, word]) => `${count.toLocaleString("en-US")} ${word}`)
      .join(
        ", ",
      );
  const compared = candles === 0
    ? "none was compared"
    : listed([[equal_trades, "equal"], [counts.edge, "with an edge"], [counts.differs, "differ"]]);
  const left = listed([
    [counts.in_gap, "in gaps"],
    [counts.without_trades, "without older trades"],
    [counts.waiting, "waiting for trades"],
  ]);
  return compared + (left && `; not compared: ${left}`);
}
