import type { Exchange } from "../local/exchange/server.ts";
import type { Truth } from "../local/exchange/truth.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { OFFSET_MS } from "./faults/judge/bounds.ts";
import { compareWithTruth, type Comparison } from "./truth.ts";
import { until } from "./until.ts";

/** A gap that an outage left, or the jump of a symbol's ids. */
export interface OutageGap {
  readonly stream: string;
  readonly feed: string;
  readonly cause: string;
  readonly state: string;
  /** Messages; null where it is not known. */
  readonly missing: number | null;
  /** How long it lasted; null while it goes on. */
  readonly seconds: number | null;
}

/** The feeds of candles, best bids and asks, and trades, in order. */
export const feedsOf = (symbols: readonly string[]): string[] =>
  symbols.flatMap((symbol) =>
    ["aggTrade", "bookTicker", "kline_1m"].map((kind) => `${symbol.toLowerCase()}@${kind}`)
  ).sort();

/** What the gap ledger has, by feed. */
export async function outageGaps(sql: Sql): Promise<OutageGap[]> {
  return await sql<OutageGap[]>`
    select stream, feed, cause, state, missing::int, extract(epoch from ended_at - started_at)::float8 as seconds
    from websocket.gap_data order by feed collate "C", started_at`;
}

/** Waits until each of the feeds is covered for some seconds: what it misses before that is no gap. */
export async function untilFeedsAreCovered(sql: Sql, feeds: readonly string[], ms?: number): Promise<void> {
  await until("all feeds to be covered", async () => {
    const covered = await sql`
      select distinct feed from websocket.coverage where covered_to > covered_from + interval '5 s'`;
    return covered.length === feeds.length;
  }, ms);
}

/**
 * Waits until each of the feeds has a gap that has ended, and no gap waits for anything: neither for its end, nor for being
 * repaired, nor for the check of a symbol's ids, which may find another one. Returns the gaps.
 */
export async function untilRepaired(
  sql: Sql,
  feeds: readonly string[],
  ms?: number,
): Promise<readonly OutageGap[]> {
  const ended = async () => {
    const gaps = (await outageGaps(sql)).filter(({ seconds }) => seconds !== null);
    return feeds.every((feed) => gaps.some((gap) => gap.feed === feed && gap.cause === "coverage"));
  };
  await until("each feed to have a gap that has ended", ended, ms);
  return await until("the gaps to be settled", async () => {
    const [{ isChecked }] = await sql`
      select not exists (select from websocket.stale_trade_ids) as "isChecked"`;
    const gaps = await outageGaps(sql);
    return isChecked && gaps.every(({ state }) => !waiting.includes(state)) && gaps;
  }, ms);
}

/** The states of gaps that are not settled. */
const waiting = ["open", "unknown", "unrepaired"];

/** Gaps that are not what they must be once all is repaired that can be had, in words: best bids and asks are lost. */
export function unrepairedOf(gaps: readonly OutageGap[]): string[] {
  return gaps.filter(({ stream, state }) => state !== (stream === "book" ? "lost" : "repaired"))
    .map((gap) => `a gap is not settled as it must be: ${JSON.stringify(gap)}`);
}

/** Compares candles and trades with all that the exchange played; those that REST gave not in what it does not tell. */
export async function compareRepaired(
  sql: Sql,
  truth: () => AsyncIterable<Truth>,
): Promise<Record<"candles" | "trades", Comparison>> {
  return {
    candles: await compareWithTruth(sql, "kline_data", truth(), {
      eventTime: OFFSET_MS,
      without: ["event_time", "first_trade_id", "last_trade_id"],
      fetched: "kept.revision > 0",
    }),
    trades: await compareWithTruth(sql, "trade_data", truth(), {
      eventTime: OFFSET_MS,
      without: ["event_time"],
      fetched: "kept.event_time = kept.trade_time",
    }),
  };
}

/** The first candle of which the audits say that it is not equal to its trades, or to the exchange's; if there is one, in words. */
export async function auditFault(sql: Sql): Promise<string | undefined> {
  const [row] = await sql`select row_to_json(audit_data)::text as words from websocket.audit_data limit 1`;
  return row && `a candle differs after its repair: ${row.words}`;
}

/**
 * Whether the exchange's own count of our weight kept to what may be used in a minute; if not, in words.
 * @param most what may be used
 */
export function weightFault({ status }: Pick<Exchange, "status">, most: number): string | undefined {
  const { weight } = status();
  if (weight.most <= most && weight.refused === 0) return undefined;
  return `${weight.most} weight was used in a minute where ${most} may be, and ${weight.refused} requests were refused`;
}
