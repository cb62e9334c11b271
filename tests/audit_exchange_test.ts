import assert from "node:assert/strict";
import type { Stream } from "../shared/stream.ts";
import { kline } from "../shared/streams/kline.ts";
import { MINUTE, stage, symbols } from "./repair.ts";
import { compareWithTruth } from "./truth.ts";
import { until } from "./until.ts";

const HOUR = 60 * MINUTE;

Deno.test("each closed candle of an hour is compared with REST's once; what differs is replaced and both are kept, what is missing is fetched, at the edges too", async () => {
  const hour = Math.floor((Date.now() - MINUTE) / HOUR) * HOUR - HOUR;
  await using line = await stage(63, 10, hour);
  const [btc, eth] = symbols;
  const at = (minute: number) => hour + minute * MINUTE;
  const all = (await line.messages(kline)).filter((one) => one.isClosed && one.openTime <= hour + HOUR);
  const closed = all.filter((one) => one.openTime < hour + HOUR);
  const sent = closed.flatMap((one) => {
    if (one.symbol !== btc) return one;
    if (one.openTime === at(20)) return { ...one, close: "1.00", numTrades: one.numTrades + 1 };
    return [at(30), at(0), at(59)].includes(one.openTime) ? [] : one;
  });
  line.exchange.inject({ fault: "lack", kind: "klines", symbol: eth, from: at(40), to: at(41) });
  for (const symbol of symbols) {
    await line.sql`
      insert into websocket.coverage_data (session, producer, feed, symbol, stream, covered_from, covered_to, version, reason)
      values (${symbol}, 'default', ${symbol.toLowerCase() + "@kline_1m"}, ${symbol}, 'kline', ${new Date(
      hour,
    )},
        ${new Date(hour + HOUR)}, 1, 'stopped')`;
  }
  const consumer = line.start("kline:consume");
  await line.send((kline as unknown as Stream).message, sent);
  await until(
    "the candles to be stored",
    async () => (await consumer.report())?.counts.stored === sent.length,
  );
  const offered = async () => (await line.sql`select feed from websocket.next_audits(20)`).length;
  assert.equal(await offered(), 0, "more of the hour may be on its way");
  const later = all.filter((one) => one.openTime === hour + HOUR);
  await line.send((kline as unknown as Stream).message, later);
  await until("the hour to be offered", async () => await offered() === symbols.length);
  const worker = line.start("repair");
  const audited = () =>
    line.sql`
      select symbol, extract(epoch from open_time)::float8 * 1000 as at, verdict, detail from websocket.audit_data
      where compared_with = 'exchange'`;
  const [row] = await until("the difference to be repaired", async () => {
    const rows = await audited();
    return rows.some(({ verdict }) => verdict === "repaired") && rows;
  });
  const original = closed.find((one) => one.symbol === btc && one.openTime === at(20))!;
  assert.deepEqual([row.symbol, row.at], [btc, at(20)]);
  assert.deepEqual(row.detail, {
    candle: { close: 1, num_trades: original.numTrades + 1 },
    exchange: { close: Number(original.close), num_trades: original.numTrades },
  });
  assert.equal((await audited()).length, 1);
  await until("what was missing to be stored", async () => {
    const { wrong, doubled } = await compareWithTruth(line.sql, "kline_data", line.exchange.truth(), {
      without: ["event_time", "first_trade_id", "last_trade_id"],
    });
    const [{ count }] = await line.sql`select count(*)::int from websocket.kline_data where is_closed`;
    return wrong + doubled === 0 && count === all.length;
  });
  const days = await line.sql`
    select symbol, judged_exchange, equal_exchange, repaired, absent from websocket.audit_days
    where interval = '1m' order by symbol`;
  const total = (name: string, symbol: string) =>
    days.filter((one) => one.symbol === symbol).reduce((sum, one) => sum + one[name], 0);
  assert.deepEqual(
    ["judged_exchange", "equal_exchange", "repaired", "absent"].map((name) => total(name, btc)),
    [57, 56, 1, 0],
  );
  assert.deepEqual(
    ["judged_exchange", "equal_exchange", "repaired", "absent"].map((name) => total(name, eth)),
    [59, 59, 0, 1],
  );
  // One request a feed and hour.
  assert.equal((await worker.report())!.counts.requests, 2);
});
