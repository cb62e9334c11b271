import { createSink } from "../consumers/postgres/sink.ts";
import { type Kline, kline } from "../shared/streams/kline.ts";
import type { Trade } from "../shared/streams/trade.ts";
import { barsOf, PLACES } from "./bars.ts";
import { silent } from "./silent.ts";
import { tradeDatabase } from "./trades.ts";

const MINUTE = 60_000;

/** Units of 10^-12 as a decimal. */
function decimal(units: bigint): string {
  const digits = `${units}`.padStart(PLACES + 1, "0");
  return `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`.replace(/\.?0*$/, "");
}

/** The closed candle of the minute that begins then, in ms since the epoch, as the exchange makes it of these trades and no others. */
export function candleOf(openTime: number, trades: readonly Trade[], fields: Partial<Kline> = {}): Kline {
  const [bar] = barsOf(trades, MINUTE);
  const [open, high, low, close, ...sums] = bar
    ? bar.values.map((value) => decimal(value!))
    : ["7", "7", "7", "7", "0", "0", "0", "0"];
  const [volume, quoteVolume, takerBuyBaseVolume, takerBuyQuoteVolume] = sums;
  return {
    ...{ symbol: trades[0]?.symbol ?? "BTCUSDT", interval: "1m", openTime, closeTime: openTime + MINUTE - 1 },
    ...{ open, high, low, close, volume, quoteVolume, takerBuyBaseVolume, takerBuyQuoteVolume },
    // The exchange counts otherwise.
    ...{ numTrades: 12_345, isClosed: true, revision: 0 },
    firstTradeId: Math.min(
      ...trades.map(({ firstTradeId }) => firstTradeId),
      trades.length > 0 ? Infinity : -1,
    ),
    lastTradeId: Math.max(...trades.map(({ lastTradeId }) => lastTradeId), -1),
    ...{ eventTime: openTime + MINUTE + 10, receivedAt: openTime + MINUTE + 40 },
    ...fields,
  };
}

/** A candle that is not equal to the sum of its trades. */
export interface Unequal {
  readonly symbol: string;
  readonly at: Date;
  readonly verdict: string;
  // deno-lint-ignore no-explicit-any -- each side's own fields that differ
  readonly detail: any;
}

/** A database of trades, with ways to store candles and to audit them. */
export async function auditDatabase() {
  await using parts = new AsyncDisposableStack();
  const market = parts.use(await tradeDatabase());
  const { sql } = market;
  const sink = parts.use(createSink(kline, market.database.config, silent));
  await sink.open();
  /** Judges what is due; returns in words which candles were found to differ. */
  const judge = async (): Promise<string[]> => {
    const found: string[] = [];
    for (;;) {
      const [{ done, difference }] = await sql`select * from websocket.audit_candles()`;
      if (difference) found.push(difference);
      if (done === null) return found;
    }
  };
  const kept = parts.move();
  return {
    ...market,
    judge,
    async storeCandles(...candles: Kline[]) {
      const refused = await sink.write(() => candles);
      if (refused.length > 0) throw new Error(refused[0].cause);
    },
    /** Sums the trades at that time; 10 s later it checks their ids and judges what is due. */
    async audit(at: string | number): Promise<string[]> {
      await market.settle(at);
      return await judge();
    },
    /** Removes all rows. */
    clear: () =>
      sql`truncate websocket.trade_data, websocket.trade_1s, websocket.trade_1m, websocket.stale_trade_seconds,
        websocket.trade_runs, websocket.stale_trade_ids, websocket.gap_data, websocket.kline_data, websocket.audit_data,
        websocket.audit_days, websocket.audit_sets, websocket.stale_candles`,
    /** The candles that are not equal, by time. */
    unequal: () =>
      sql<Unequal[]>`select symbol, open_time as at, verdict, detail from websocket.audit_data
        where (interval, compared_with) = ('1m', 'trades') order by open_time, symbol`,
    /** The sums of the counts over all days and symbols, without those that are 0. */
    async counts(): Promise<Record<string, number>> {
      const [sums] = await sql`
        select sum(expected)::int as expected, sum(present)::int as present, sum(judged)::int as judged,
          sum(equal_trades)::int as equal_trades, sum(edge)::int as edge, sum(differs)::int as differs,
          sum(in_gap)::int as in_gap, sum(without_trades)::int as without_trades, sum(waiting)::int as waiting
        from websocket.audit_days`;
      return Object.fromEntries(Object.entries(sums).filter(([, count]) => count));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
