import { withAggTrades } from "../local/exchange/agg_trades.ts";
import type { Cut } from "../local/exchange/market/aggregator.ts";
import { recording } from "../local/exchange/recording.ts";
import { type Trade, trade } from "../shared/streams/trade.ts";
import { recordingPath } from "./recordings.ts";

/** Recordings of trades, with the tables of the official candles of all their whole minutes. */
export const recordedTrades = [
  {
    name: "usdm_trade_bookTicker_depth_markPrice_2023-04-04.jsonl.gz",
    candles: ["usdm_klines_1m_2023-04_2024-08.csv"],
    from: "2023-04-04T23:59:00Z",
    minutes: 7,
    symbols: ["BTCUSDT"],
  },
  {
    name: "usdm_trade_2024-08-08.jsonl.gz",
    candles: ["usdm_klines_1m_2023-04_2024-08.csv", "usdm_klines_BTCUSDT_1m_2024-08-08.csv"],
    from: "2024-08-08T23:55:00Z",
    minutes: 5,
    symbols: ["BTCUSDT", "ETHUSDT"],
  },
] as const;

/** The messages that a producer makes of the aggregated trades that a recording's trades make. */
export async function messagesOf(
  name: string,
  cut: Cut,
): Promise<{ payloads: Record<string, unknown>[]; messages: Trade[] }> {
  const events = await Array.fromAsync(withAggTrades(recording(recordingPath(name)), cut));
  const payloads = events.filter(({ stream }) => stream.endsWith("@aggTrade")).map(({ head }) =>
    JSON.parse(head)
  );
  const feed = trade.feed!;
  return {
    payloads,
    messages: payloads.flatMap((payload) => feed.toMessages(feed.wire.parse(payload), payload.E)),
  };
}

/** The official candles of a minute: the columns of their tables by name. */
export async function officialCandles(names: readonly string[]): Promise<Record<string, string>[]> {
  const tables = await Promise.all(names.map((name) => Deno.readTextFile(recordingPath(name))));
  return tables.flatMap((text) => {
    const [header, ...lines] = text.trim().split("\n").map((line) => line.split(","));
    return lines.map((cells) => ({
      symbol: "BTCUSDT",
      ...Object.fromEntries(header.map((name, i) => [name, cells[i]])),
    }));
  });
}
