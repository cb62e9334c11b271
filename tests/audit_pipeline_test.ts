import assert from "node:assert/strict";
import type { Feed } from "../local/exchange/feed.ts";
import { pipeline } from "./pipeline.ts";
import { until } from "./until.ts";

const MINUTE = 60_000;
const feed: Feed = {
  kind: "simulated",
  symbols: ["BTCUSDT", "ETHUSDT", "币安人生USDT"],
  intervals: ["1m"],
  rate: 40,
  seed: 5,
  startTime: Date.UTC(2026, 9, 1),
  messages: 20_000,
};

Deno.test("the candles whose trades the exchange alters differ, those whose trades it omits are in gaps, and all others are equal", async () => {
  await using line = await pipeline(["trade", "kline"], feed);
  const { sql, workers } = line;
  await using exchange = await line.play((exchange) => {
    exchange.inject({ fault: "alter", trades: 3, every: 97, symbol: "BTCUSDT", field: "quantity" });
    exchange.inject({ fault: "alter", trades: 3, every: 97, symbol: "ETHUSDT", field: "price" });
    exchange.inject({ fault: "omit", trades: 2, every: 97, symbol: "币安人生USDT" });
  });
  const faults = exchange.status().tradeFaults;
  assert.equal(faults.length, 8);
  // The last minute has no closed candle, and the first one has no older trades.
  const closed = new Set(
    (await sql`select symbol || ' ' || (extract(epoch from open_time) * 1000)::bigint as minute from websocket.kline_data
      where is_closed and open_time > ${new Date(feed.startTime!)}`).map(({ minute }) => minute),
  );
  const minutesOf = (kind: "alter" | "omit") => {
    const minutes = faults.filter(({ fault }) => fault === kind).map(({ symbol, tradeTime }) =>
      `${symbol} ${Math.floor(tradeTime / MINUTE) * MINUTE}`
    );
    return [...new Set(minutes)].filter((minute) => closed.has(minute)).sort();
  };
  assert.ok(minutesOf("alter").length > 3 && minutesOf("omit").length > 0);

  const counts = await until("the candles to be judged", async () => {
    const [counts] = await sql`
      select sum(present)::int as present, sum(judged)::int as judged, sum(equal_trades)::int as equal, sum(differs)::int as differs,
        sum(edge)::int as edge, sum(in_gap)::int as in_gap, sum(without_trades)::int as early, sum(waiting)::int as waiting
      from websocket.audit_days`;
    const { present, waiting, in_gap, early } = counts;
    return present - early === closed.size && waiting === 0 && in_gap === minutesOf("omit").length && counts;
  });
  const differing =
    await sql`select symbol || ' ' || (extract(epoch from open_time) * 1000)::bigint as minute, verdict
    from websocket.audit_data`;
  assert.deepEqual(differing.map(({ minute }) => minute).sort(), minutesOf("alter"));
  assert.deepEqual(new Set(differing.map(({ verdict }) => verdict)), new Set(["differs"]));
  const { present, judged, equal, differs, edge, in_gap, early, waiting } = counts;
  assert.deepEqual([differs, edge, equal], [differing.length, 0, judged - differing.length]);
  assert.equal(present, judged + in_gap + early + waiting);
  assert.ok(judged > 12, JSON.stringify(counts));

  const reports = await Promise.all(["trade:consume", "kline:consume"].map((task) => workers[task].report()));
  const found = reports.reduce((sum, report) => sum + (report?.counts.differing ?? 0), 0);
  assert.ok(found >= differing.length, `${found}`);
});
