import assert from "node:assert/strict";
import { withAggTrades } from "../local/exchange/agg_trades.ts";
import { recording } from "../local/exchange/recording.ts";
import { type Trade, trade } from "../shared/streams/trade.ts";
import { units } from "./bars.ts";
import { recordingPath, testWithRecording } from "./recordings.ts";
import { tradeDatabase } from "./trades.ts";

/** The messages that a producer makes of the aggregated trades of a recording, or of those that its trades make. */
async function messagesOf(name: string): Promise<{ payloads: Record<string, unknown>[]; messages: Trade[] }> {
  const events = await Array.fromAsync(withAggTrades(recording(recordingPath(name)), "cut"));
  const payloads = events.filter(({ stream }) => stream.endsWith("@aggTrade")).map(({ head }) =>
    JSON.parse(head)
  );
  const feed = trade.feed!;
  return {
    payloads,
    messages: payloads.flatMap((payload) => feed.toMessages(feed.wire.parse(payload), payload.E)),
  };
}

/** The official candles of a minute, by symbol and open time: their prices and volumes in units. */
async function officialCandles(names: string[]): Promise<Map<string, bigint[]>> {
  const tables = await Promise.all(names.map((name) => Deno.readTextFile(recordingPath(name))));
  const rows = tables.flatMap((text) => {
    const [header, ...lines] = text.trim().split("\n").map((line) => line.split(","));
    return lines.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i]])));
  });
  return new Map(rows.map(({ symbol = "BTCUSDT", open_time, ...row }) => {
    const names = [
      "open",
      "high",
      "low",
      "close",
      "volume",
      "quote_volume",
      "taker_buy_volume",
      "taker_buy_quote_volume",
    ];
    return [`${symbol} ${open_time}`, names.map((name) => units(row[name]))];
  }));
}

for (
  const { name, candles, from, minutes, symbols } of [
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
  ]
) {
  testWithRecording(
    name,
    `the trades of ${name} are stored field by field, and their bars are the official candles`,
    async () => {
      await using market = await tradeDatabase();
      const { sql } = market;
      const { payloads, messages } = await messagesOf(name);
      for (let at = 0; at < messages.length; at += 5_000) {
        await market.store(...messages.slice(at, at + 5_000));
      }
      const [{ different, rows }] = await sql`
      with sent as (
        select one->>'s', (one->>'a')::bigint, (one->>'p'), one->>'q', one->>'nq', (one->>'f')::bigint, (one->>'l')::bigint,
          to_timestamp((one->>'T')::numeric / 1000), (one->>'m')::boolean, to_timestamp((one->>'E')::numeric / 1000)
        from jsonb_array_elements(${sql.json(payloads as never)}) as one
      ), stored as (
        select symbol, agg_trade_id, price::text, qty::text, normal_qty::text, first_trade_id, last_trade_id, trade_time,
          is_buyer_maker, event_time
        from websocket.trade_data
      )
      select (select count(*)::int from stored) as rows,
        (select count(*)::int from (select * from sent except all select * from stored) as lacking) as different`;
      assert.deepEqual({ different, rows }, { different: 0, rows: messages.length });

      await market.settle(Date.now());
      assert.deepEqual(await market.jumps(), [], "the ids of aggregates have no jump");
      const official = await officialCandles(candles);
      const until = new Date(Date.parse(from) + minutes * 60_000);
      for (const symbol of symbols) {
        const bars = await sql`select * from websocket.bars(${symbol}, '1 minute', ${from}, ${until})`;
        assert.equal(bars.length, minutes);
        for (const bar of bars) {
          const {
            open,
            high,
            low,
            close,
            volume,
            quote_volume,
            taker_buy_base_volume,
            taker_buy_quote_volume,
          } = bar;
          const values = [
            open,
            high,
            low,
            close,
            volume,
            quote_volume,
            taker_buy_base_volume,
            taker_buy_quote_volume,
          ];
          const key = `${symbol} ${bar.open_time.getTime()}`;
          assert.deepEqual([bar.is_complete, ...values.map(units)], [true, ...official.get(key)!], key);
        }
      }
    },
  );
}
