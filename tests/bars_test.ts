import assert from "node:assert/strict";
import fc from "fast-check";
import type { Trade } from "../shared/streams/trade.ts";
import { type Bar, barOf, barsOf } from "./bars.ts";
import { tradeDatabase, tradeOf } from "./trades.ts";

type Market = Awaited<ReturnType<typeof tradeDatabase>>;
const NOON = Date.parse("2026-08-10T12:00:00Z");

/** The bars of BTCUSDT as `websocket.bars` gives them. */
async function bars({ sql }: Market, width: string, since: number | string, until: number | string) {
  const rows = await sql`
    select 'BTCUSDT' as symbol, * from websocket.bars('BTCUSDT', ${width}::text::interval, ${new Date(
    since,
  )}, ${new Date(until)})`;
  return rows.map((row) => ({ ...barOf(row, "open_time"), isComplete: row.is_complete as boolean }));
}

/** Puts a gap of BTCUSDT's trades into the ledger; times in ms since the epoch. */
const gap = (
  { sql }: Market,
  from: number,
  to: number | null,
  fields: { cause?: string; state?: string } = {},
) =>
  sql`insert into websocket.gap_data (stream, feed, symbol, cause, first_id, started_at, ended_at, reason, state)
    values ('trade', 'btcusdt@aggTrade', 'BTCUSDT', ${fields.cause ?? "ids"}, ${from}, ${new Date(from)},
      ${to === null ? null : new Date(to)}, 'none', ${fields.state ?? "unrepaired"})`;

const isoOf = ({ at }: { at: number }) => new Date(at).toISOString().slice(11, 19);
const incomplete = (all: { at: number; isComplete: boolean }[]) =>
  all.filter(({ isComplete }) => !isComplete).map(isoOf);

Deno.test("widths that do not divide a day evenly, and more than a million bars, are refused in words", async () => {
  await using market = await tradeDatabase();
  for (
    const width of ["0 s", "-1 s", "0.5 s", "1.5 s", "7 s", "7 minutes", "25 hours", "2 days", "1 month"]
  ) {
    await assert.rejects(
      bars(market, width, NOON, NOON + 1),
      /Cannot make bars of .* as the width must be whole seconds and divide a day evenly/,
      width,
    );
  }
  await assert.rejects(
    bars(market, "1 s", NOON, NOON + 1_000_001_000),
    /Cannot make 1000001 bars as there must be at most 1000000/,
  );
  assert.deepEqual(await bars(market, "1 s", NOON, NOON + 1_000_000_000), []);
  const query = market.sql`select * from websocket.bars('BTCUSDT', '1 s', '-infinity', now())`;
  await assert.rejects(query, /Cannot make bars from -infinity to .* as both must be times/);
});

Deno.test("each bar is whole, that of the first instant and the last that begins before the end", async () => {
  await using market = await tradeDatabase();
  await market.store(...[0, 59, 60, 119, 120].map((s, i) => tradeOf(i + 1, NOON + s * 1_000, { qty: "1" })));
  await market.refresh();
  const found = await bars(market, "1 minute", NOON + 1, NOON + 60_001);
  assert.deepEqual(found.map(({ at, numTrades }) => [at - NOON, numTrades]), [[0, 4], [60_000, 4]]);
  const second = await bars(market, "1 minute", NOON + 60_000, NOON + 120_000);
  assert.deepEqual(second.map(({ at }) => at - NOON), [60_000]);
  assert.deepEqual(await bars(market, "1 minute", NOON + 60_000, NOON + 60_000), []);
});

Deno.test("bars that a gap touches are incomplete, with or without trades, and no others are", async () => {
  await using market = await tradeDatabase();
  await market.store(...[0, 10, 20, 30, 50].map((s, i) => tradeOf(i + 1, NOON + s * 1_000)));
  await market.settle(NOON);
  await gap(market, NOON + 20_000, NOON + 30_000);
  const found = await bars(market, "5 s", NOON, NOON + 60_000);
  assert.deepEqual(found.map(isoOf), [
    "12:00:00",
    "12:00:10",
    "12:00:20",
    "12:00:25",
    "12:00:30",
    "12:00:50",
  ]);
  assert.deepEqual(incomplete(found), ["12:00:20", "12:00:25"]);
  assert.deepEqual(found[3].values, [null, null, null, null, 0n, 0n, 0n, 0n]);

  await gap(market, NOON + 29_999, NOON + 30_001);
  assert.deepEqual(incomplete(await bars(market, "5 s", NOON, NOON + 60_000)), [
    "12:00:20",
    "12:00:25",
    "12:00:30",
  ]);
});

Deno.test("a gap of coverage may lack trades of up to a second before it, as they are sent later than they happen", async () => {
  await using market = await tradeDatabase();
  await market.store(...[0, 8, 10, 20].map((s, i) => tradeOf(i + 1, NOON + s * 1_000)));
  await market.settle(NOON);
  await gap(market, NOON + 10_000, NOON + 11_000, { cause: "coverage" });
  assert.deepEqual(incomplete(await bars(market, "1 s", NOON, NOON + 60_000)), ["12:00:09", "12:00:10"]);
});

Deno.test("a gap that is repaired, or absent at the exchange, leaves bars complete; one that goes on touches all bars to now", async () => {
  await using market = await tradeDatabase();
  await market.store(...[0, 10, 20].map((s, i) => tradeOf(i + 1, NOON + s * 1_000)));
  await market.settle(NOON);
  await gap(market, NOON, NOON + 1, { state: "repaired" });
  await gap(market, NOON + 1, NOON + 2, { state: "absent" });
  assert.deepEqual(incomplete(await bars(market, "10 s", NOON, NOON + 30_000)), []);
  for (const state of ["lost", "unknown", "unrepaired"]) {
    await market.sql`update websocket.gap_data set state = ${state}`;
    assert.deepEqual(incomplete(await bars(market, "10 s", NOON, NOON + 30_000)), ["12:00:00"], state);
  }
  await gap(market, NOON + 10_000, null, { state: "open" });
  assert.deepEqual(incomplete(await bars(market, "10 s", NOON, NOON + 40_000)), [
    "12:00:00",
    "12:00:10",
    "12:00:20",
    "12:00:30",
  ]);
});

Deno.test("a bar is incomplete if it began before the first trade, is not over, or has a trade that is not summarised", async () => {
  await using market = await tradeDatabase();
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  await market.store(
    tradeOf(1, NOON + 500),
    tradeOf(2, NOON + 1_000),
    tradeOf(3, NOON + 5_000),
    tradeOf(4, now),
  );
  await market.refresh();
  assert.deepEqual(incomplete(await bars(market, "1 s", NOON, NOON + 60_000)), ["12:00:00"]);
  const [today] = await bars(market, "1 day", now - 86_400_000, now + 86_400_000);
  assert.equal(today.isComplete, false);

  await market.store(tradeOf(5, NOON + 5_500));
  assert.deepEqual(incomplete(await bars(market, "1 s", NOON, NOON + 60_000)), ["12:00:00", "12:00:05"]);
  await market.refresh();
  assert.deepEqual(incomplete(await bars(market, "1 s", NOON, NOON + 60_000)), ["12:00:00"]);
});

const widths = [1, 5, 30, 60, 90, 300, 3_600, 14_400, 86_400];
const spans = fc.tuple(fc.integer({ min: -7_200, max: 7_200 }), fc.integer({ min: 0, max: 9_000 }));
const arbitraryTrade = fc.record({
  id: fc.integer({ min: 1, max: 200 }),
  price: fc.integer({ min: 1, max: 9_999 }).map((cents) => (cents / 100).toFixed(2)),
  qty: fc.integer({ min: 1, max: 9_999 }).map((n) => (n / 1_000).toFixed(3)),
  isBuyerMaker: fc.boolean(),
});

Deno.test("whatever the trades, the gaps, the width and the time, bars are those of the model, and those touched are incomplete", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  const trades = fc.uniqueArray(arbitraryTrade, { selector: ({ id }) => id, minLength: 1, maxLength: 40 })
    .map((all) => all.map(({ id, ...fields }): Trade => tradeOf(id, NOON - 7_000_000 + id * 70_123, fields)));
  await fc.assert(
    fc.asyncProperty(
      trades,
      fc.array(spans, { maxLength: 5 }),
      fc.constantFrom(...widths),
      spans,
      async (trades, gaps, width, asked) => {
        await sql`truncate websocket.trade_data, websocket.trade_1s, websocket.trade_1m, websocket.trade_runs, websocket.gap_data`;
        await market.store(...trades);
        await market.refresh();
        const times = ([from, length]: [number, number]) =>
          [NOON + from * 1_000, NOON + (from + length) * 1_000 + 1] as const;
        for (const [i, [from, to]] of gaps.map(times).entries()) {
          await gap(market, from, to).catch((error) => {
            if (gaps.findIndex(([other]) => other === gaps[i][0]) === i) throw error;
          });
        }
        const kept = gaps.filter(([from], i) => gaps.findIndex(([other]) => other === from) === i).map(times);
        const [since, until] = times(asked);
        const ms = width * 1_000;
        const first = Math.min(...trades.map(({ tradeTime }) => tradeTime));
        const traded = new Map(barsOf(trades, ms).map((bar) => [bar.at, bar]));
        const expected: (Bar & { isComplete: boolean })[] = [];
        for (let at = Math.floor(since / ms) * ms; at < until; at += ms) {
          const isTouched = kept.some(([from, to]) => from < at + ms && to > at);
          const bar = traded.get(at) ??
            (isTouched &&
              { symbol: "BTCUSDT", at, numTrades: 0, values: [null, null, null, null, 0n, 0n, 0n, 0n] });
          if (bar) expected.push({ ...bar, isComplete: !isTouched && at >= first });
        }
        assert.deepEqual(await bars(market, `${width} s`, since, until), expected);
      },
    ),
    { numRuns: 60 },
  );
});
