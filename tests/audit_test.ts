import assert from "node:assert/strict";
import type { Kline } from "../shared/streams/kline.ts";
import type { Trade } from "../shared/streams/trade.ts";
import { auditDatabase, candleOf } from "./audits.ts";
import { tradeOf } from "./trades.ts";

const NOON = Date.parse("2026-08-10T12:00:00Z");
const MINUTE = 60_000;
/** Later than all that the tests store. */
const LATER = NOON + 60 * MINUTE;
const minuteOf = ({ tradeTime }: Trade) => Math.floor(tradeTime / MINUTE) * MINUTE;

/** The first trade of all, and 30 more in the three minutes from noon on, 6 s apart, and one after them. */
const trades = Array.from({ length: 32 }, (_, i) =>
  tradeOf(i + 1, NOON - 3_000 + i * 6_000, {
    price: `${100 + i % 7}.5`,
    qty: `${1 + i % 3}.25`,
    isBuyerMaker: i % 2 === 0,
  }));
const minutes = [0, 1, 2].map((n) => NOON + n * MINUTE);
const candles = (fields: Partial<Kline> = {}) =>
  minutes.map((minute) => candleOf(minute, trades.filter((one) => minuteOf(one) === minute), fields));
const three = { expected: 3, present: 3, judged: 3 };

Deno.test("candles that are the sums of their trades are equal, whatever their number of trades", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await market.storeCandles(...candles());
  await market.store(...trades);
  assert.deepEqual(await market.audit(LATER), []);
  assert.deepEqual(await market.counts(), { ...three, equal_trades: 3 });
  assert.deepEqual([...await market.unequal()], []);
});

Deno.test("each field that differs is named with both values, and the number of trades is not one", async () => {
  const fields = [
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quoteVolume",
    "takerBuyBaseVolume",
    "takerBuyQuoteVolume",
  ] as const;
  await using market = await auditDatabase();
  for (const field of fields) {
    await market.clear();
    await market.clock(NOON);
    const [first, second, third] = candles();
    await market.storeCandles(first, { ...second, [field]: `${second[field]}01` }, third);
    await market.store(...trades);
    const [words] = await market.audit(LATER);
    const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const [found, ...others] = await market.unequal();
    assert.deepEqual(others, []);
    assert.deepEqual([found.at.getTime(), found.verdict], [minutes[1], "differs"]);
    assert.deepEqual(Object.keys(found.detail.candle), [column]);
    assert.deepEqual(Object.keys(found.detail.trades), [column]);
    assert.match(words, new RegExp(`^1 candles differ .* BTCUSDT of 2026-08-10 12:01 \\(${column} `));
    assert.deepEqual(await market.counts(), { ...three, equal_trades: 2, differs: 1 });
  }
});

Deno.test("a candle without trades is equal to none", async () => {
  await using market = await auditDatabase();
  const quiet = NOON + 10 * MINUTE;
  await market.clock(NOON);
  await market.storeCandles(...candles(), candleOf(quiet, []));
  await market.store(...trades, tradeOf(33, quiet + MINUTE));
  assert.deepEqual(await market.audit(LATER), []);
  assert.equal((await market.counts()).equal_trades, 4);
  await market.storeCandles(candleOf(quiet, [], { volume: "1", eventTime: quiet + 2 * MINUTE }));
  assert.equal((await market.audit(LATER + MINUTE)).length, 1);
});

Deno.test("a candle is not judged before a later trade is stored, nor while seconds of its minute wait to be summed", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await market.storeCandles(...candles());
  await market.store(...trades.slice(0, 31));
  await market.audit(LATER);
  assert.deepEqual(await market.counts(), {
    expected: 3,
    present: 3,
    judged: 2,
    equal_trades: 2,
    waiting: 1,
  });
  await market.store(trades[31], trades[15]);
  await market.clock(LATER + MINUTE);
  await market.sql`update websocket.stale_candles set due_at = '-infinity'`;
  await market.judge();
  assert.equal((await market.counts()).waiting, 1, "while seconds are stale");
  await market.audit(LATER + 2 * MINUTE);
  assert.deepEqual(await market.counts(), { ...three, equal_trades: 3 });
});

Deno.test("a candle that began before the first stored trade is not judged, and is once older trades are stored", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await market.storeCandles(...candles());
  await market.store(...trades.slice(4));
  await market.audit(LATER);
  assert.deepEqual(await market.counts(), {
    expected: 3,
    present: 3,
    judged: 2,
    equal_trades: 2,
    without_trades: 1,
  });
  await market.store(...trades.slice(0, 4));
  await market.audit(LATER + MINUTE);
  assert.deepEqual(await market.counts(), { ...three, equal_trades: 3 });
});

Deno.test("a minute that a gap touches is not judged before the gap is repaired, or gone", async () => {
  for (const end of ["repaired", "gone"]) {
    await using market = await auditDatabase();
    const { sql } = market;
    await market.clock(NOON);
    const [first, second, third] = candles();
    await market.storeCandles(first, { ...second, volume: "1" }, third);
    await market.store(...trades);
    await market.audit(LATER);
    assert.equal((await market.unequal()).length, 1);
    await sql`
      insert into websocket.gap_data (stream, feed, symbol, cause, started_at, ended_at, reason) values
        ('trade', 'btcusdt@aggTrade', 'BTCUSDT', 'coverage', ${new Date(NOON + 70_000)}, ${new Date(
      NOON + 80_000,
    )}, 'mute')`;
    for (const state of ["unrepaired", "unknown", "lost", "absent"]) {
      await sql`update websocket.gap_data set state = ${state}`;
      await market.audit(LATER + 1_000);
      assert.deepEqual(await market.counts(), {
        expected: 3,
        present: 3,
        judged: 2,
        equal_trades: 2,
        in_gap: 1,
      }, state);
      assert.deepEqual([...await market.unequal()], []);
    }
    if (end === "gone") await sql`delete from websocket.gap_data`;
    else await sql`update websocket.gap_data set state = 'repaired'`;
    await market.audit(LATER + 2_000);
    assert.deepEqual(await market.counts(), { ...three, equal_trades: 2, differs: 1 });
  }
});

Deno.test("the gap of a message may begin up to a second before its trade", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await market.storeCandles(...candles());
  await market.store(...trades);
  await market.sql`
    insert into websocket.gap_data (stream, feed, symbol, cause, started_at, ended_at, reason) values
      ('trade', 'btcusdt@aggTrade', 'BTCUSDT', 'coverage', ${new Date(minutes[1] + 900)}, ${new Date(
    minutes[1] + 950,
  )}, 'mute')`;
  await market.audit(LATER);
  assert.deepEqual(await market.counts(), { expected: 3, present: 3, judged: 1, equal_trades: 1, in_gap: 2 });
});

Deno.test("trades that are missing are a gap by their ids, and late ones renew the verdict", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await market.storeCandles(...candles());
  await market.store(...trades.filter(({ aggTradeId }) => aggTradeId !== 15));
  await market.settle(LATER);
  assert.deepEqual(await market.audit(LATER + MINUTE), []);
  assert.deepEqual(await market.counts(), { expected: 3, present: 3, judged: 2, equal_trades: 2, in_gap: 1 });
  await market.store(tradeOf(15, trades[14].tradeTime, { ...trades[14], qty: "77" }));
  await market.audit(LATER + 2 * MINUTE);
  const [found] = await market.unequal();
  assert.deepEqual(
    Object.keys(found.detail.candle).sort(),
    ["quote_volume", "taker_buy_base_volume", "taker_buy_quote_volume", "volume"]
      .filter((name) => !trades[14].isBuyerMaker || !name.startsWith("taker")),
  );
});

Deno.test("a later version of a candle renews its verdict", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await market.store(...trades);
  await market.storeCandles(...candles({ volume: "1" }));
  const [words] = await market.audit(LATER);
  assert.match(words, /^3 candles differ/);
  await market.storeCandles(...candles({ eventTime: LATER }));
  assert.deepEqual(await market.audit(LATER + MINUTE), []);
  assert.deepEqual(await market.counts(), { ...three, equal_trades: 3 });
  assert.deepEqual([...await market.unequal()], []);
});
