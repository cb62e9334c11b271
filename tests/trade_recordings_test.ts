import assert from "node:assert/strict";
import { units } from "./bars.ts";
import { messagesOf, officialCandles, recordedTrades } from "./recorded_trades.ts";
import { testWithRecording } from "./recordings.ts";
import { tradeDatabase } from "./trades.ts";

/** The prices and volumes of official candles in units, by symbol and open time. */
async function officialUnits(tables: readonly string[]): Promise<Map<string, bigint[]>> {
  const rows = await officialCandles(tables);
  return new Map(rows.map(({ symbol, open_time, ...row }) => {
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

for (const { name, candles, from, minutes, symbols } of recordedTrades) {
  testWithRecording(
    name,
    `the trades of ${name} are stored field by field, and their bars are the official candles`,
    async () => {
      await using market = await tradeDatabase();
      const { sql } = market;
      const { payloads, messages } = await messagesOf(name, "cut");
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
      const official = await officialUnits(candles);
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
