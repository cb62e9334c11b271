import type { Sql } from "../../shared/postgres/mod.ts";

/** How many closed candles are compared with the sum of their trades and with the exchange's, how that went, and why others are not. */
export interface AuditCounts {
  /** Those that are compared with their trades. */
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
  /** Those that are compared with what the exchange's REST API gives. */
  readonly judged_exchange: number;
  readonly equal_exchange: number;
  /** They differed, and the exchange's took their place. */
  readonly repaired: number;
  /** The exchange has none. */
  readonly absent: number;
}

/** Counts the candles of a schema. */
export async function countAudit(sql: Sql, schema: string): Promise<AuditCounts> {
  const [counts] = await sql<AuditCounts[]>`
    select coalesce(sum(judged_trades), 0)::int as candles, coalesce(sum(equal_trades), 0)::int as equal_trades,
      coalesce(sum(edge), 0)::int as edge, coalesce(sum(judged_trades - equal_trades - edge), 0)::int as differs,
      coalesce(sum(in_gap), 0)::int as in_gap, coalesce(sum(without_trades), 0)::int as without_trades,
      coalesce(sum(waiting), 0)::int as waiting, coalesce(sum(judged_exchange), 0)::int as judged_exchange,
      coalesce(sum(equal_exchange), 0)::int as equal_exchange, coalesce(sum(repaired), 0)::int as repaired,
      coalesce(sum(absent), 0)::int as absent
    from ${sql(schema)}.audit_days`;
  return { ...counts };
}

const listed = (words: readonly [number, string][]): string =>
  words.filter(([count]) => count > 0).map(([count, word]) => `${count.toLocaleString("en-US")} ${word}`)
    .join(", ");

/** What came of the comparison with the trades, in words. */
export function auditWords({ candles, equal_trades, ...counts }: AuditCounts): string {
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

/** What came of the comparison with the exchange's candles, in words. */
export function exchangeAuditWords(counts: AuditCounts): string {
  const { judged_exchange, equal_exchange, repaired, absent } = counts;
  if (judged_exchange + absent === 0) return "none was compared yet";
  return listed([
    [equal_exchange, "equal"],
    [repaired, "replaced by the exchange's"],
    [judged_exchange - equal_exchange - repaired, "differ"],
    [absent, "that the exchange does not have"],
  ]);
}
