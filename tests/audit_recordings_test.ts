import assert from "node:assert/strict";
import { auditDatabase, candleOf } from "./audits.ts";
import { messagesOf, officialCandles, recordedTrades } from "./recorded_trades.ts";
import { testWithRecording } from "./recordings.ts";

const MINUTE = 60_000;

for (const { name, candles, from, minutes, symbols } of recordedTrades) {
  for (const cut of ["cut", "uncut"] as const) {
    testWithRecording(
      name,
      `the official candles of ${name} are proven by its trades, ${
        cut === "cut" ? "each exactly" : "and those with an aggregate across their boundary by an edge"
      }`,
      async () => {
        await using market = await auditDatabase();
        const { messages } = await messagesOf(name, cut);
        const rows = (await officialCandles(candles)).filter(({ symbol, open_time }) =>
          symbols.some((one) => one === symbol) && Number(open_time) >= Date.parse(from) &&
          Number(open_time) < Date.parse(from) + minutes * MINUTE
        );
        const official = new Map(rows.map(({ symbol, open_time, ...row }) => [
          `${symbol} ${open_time}`,
          candleOf(Number(open_time), [], {
            ...{ symbol, open: row.open, high: row.high, low: row.low, close: row.close, volume: row.volume },
            quoteVolume: row.quote_volume,
            takerBuyBaseVolume: row.taker_buy_volume,
            takerBuyQuoteVolume: row.taker_buy_quote_volume,
          }),
        ]));
        assert.equal(official.size, minutes * symbols.length);
        await market.clock(from);
        for (let at = 0; at < messages.length; at += 5_000) {
          await market.store(...messages.slice(at, at + 5_000));
        }
        await market.storeCandles(...official.values());
        assert.deepEqual(await market.audit(Date.parse(from) + 60 * MINUTE), []);

        // A recording begins, and may end, within a minute.
        const counts = await market.counts();
        const { judged, equal_trades, edge = 0, without_trades = 0, waiting = 0 } = counts;
        assert.equal(judged + without_trades + waiting, official.size);
        assert.ok(without_trades + waiting <= symbols.length, JSON.stringify(counts));
        assert.equal(equal_trades + edge, judged);
        // One aggregate of 2023 spans a boundary if it may: it is an edge of both minutes.
        assert.equal(edge, cut === "uncut" && name.endsWith("2023-04-04.jsonl.gz") ? 2 : 0);
      },
    );
  }
}
