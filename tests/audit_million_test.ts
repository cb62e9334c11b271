import assert from "node:assert/strict";
import { auditDatabase } from "./audits.ts";
import { tidyUp } from "./ticks.ts";

const NOON = Date.parse("2026-08-10T12:00:00Z");
const TRADES = 1_000_000;
const STEP_MS = 3;

Deno.test("one altered trade among a million is found, and its candle is named", async () => {
  await using market = await auditDatabase();
  const { sql } = market;
  await market.clock(NOON);
  await tidyUp(sql);
  await sql`
    insert into websocket.trade_data
      (symbol, agg_trade_id, trade_time, event_time, received_at, first_trade_id, last_trade_id, is_buyer_maker, price, qty)
    select 'BTCUSDT', id, at, at, at, id, id, id % 3 = 0, 60000.10 + (id * 7919 % 1000) / 10.0, (1 + id * 104729 % 5000) / 1000.0
    from generate_series(1, ${TRADES}::bigint) as id
    cross join lateral (select ${new Date(NOON)} + (id - 1) * ${STEP_MS} * interval '1 ms' as at) as moment`;
  await sql`
    insert into websocket.kline_data
    select 'BTCUSDT', '1m', minute, minute + interval '59.999 s', (array_agg(price order by id))[1], max(price), min(price),
      (array_agg(price order by id desc))[1], sum(qty), sum(price * qty), coalesce(sum(qty) filter (where buys), 0),
      coalesce(sum(price * qty) filter (where buys), 0), count(*), min(id), max(id), true, minute, minute
    from (
      select date_trunc('minute', trade_time) as minute, agg_trade_id as id, price, qty, not is_buyer_maker as buys
      from websocket.trade_data
    ) as trade group by minute`;
  const [altered] = await sql`
    update websocket.trade_data set qty = qty + 0.001 where agg_trade_id = 654321 returning trade_time, is_buyer_maker`;
  await sql`insert into websocket.stale_trade_seconds (second)
    select distinct date_trunc('second', trade_time) from websocket.trade_data`;

  await market.settle(NOON + TRADES * STEP_MS + 60_000);
  const words = await market.judge();

  const [found, ...others] = await market.unequal();
  assert.deepEqual(others, []);
  assert.equal(found.verdict, "differs");
  assert.equal(found.at.getTime(), Math.floor(altered.trade_time.getTime() / 60_000) * 60_000);
  assert.equal(
    (found.detail.trades.volume - found.detail.candle.volume).toFixed(6),
    "0.001000",
  );
  assert.equal(words.length, 1);
  assert.match(
    words[0],
    /^1 candles differ from the sum of their trades: BTCUSDT of 2026-08-10 12:32 \(volume /,
  );
  // The first minute has no older trade, and the last one no later trade.
  const minutes = TRADES * STEP_MS / 60_000;
  assert.deepEqual(await market.counts(), {
    expected: minutes,
    present: minutes,
    judged: minutes - 2,
    equal_trades: minutes - 3,
    differs: 1,
    without_trades: 1,
    waiting: 1,
  });
});
