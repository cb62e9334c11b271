import assert from "node:assert/strict";
import type { Stream } from "../shared/stream.ts";
import { type Kline, kline } from "../shared/streams/kline.ts";
import { trade } from "../shared/streams/trade.ts";
import { MINUTE, type Stage, stage, symbols } from "./repair.ts";
import { compareWithTruth } from "./truth.ts";
import { until } from "./until.ts";

/** What REST does not tell of a candle, or tells otherwise. */
const untold = ["event_time", "first_trade_id", "last_trade_id"];

/** The candles that are stored, by symbol and minute of the past. */
async function candles({ sql, since }: Stage): Promise<string[]> {
  const rows = await sql`
    select symbol, extract(epoch from open_time)::float8 * 1000 as open_time, is_closed, revision::int
    from websocket.kline_data order by symbol, open_time`;
  for (const row of rows) {
    assert.deepEqual([row.is_closed, row.revision], [true, 2]);
  }
  return rows.map(({ symbol, open_time }) => `${symbol} ${(open_time - since) / MINUTE}`);
}

Deno.test("candles that a gap touches are fetched and stored as REST has them, and the gap is repaired; a hole at the source is absent", async () => {
  await using line = await stage();
  const [btc, eth] = symbols;
  const lack = { fault: "lack", kind: "klines", symbol: eth } as const;
  line.exchange.inject({ ...lack, from: line.since + 7 * MINUTE, to: line.since + 8 * MINUTE });
  await line.candleGap(btc, 3.5, 5.1);
  await line.candleGap(eth, 6.2, 8.5);
  const closed = (await line.messages(kline)).find((one) =>
    one.symbol === btc && one.openTime === line.since + 2 * MINUTE && one.isClosed
  )!;
  const open: Kline = { ...closed, isClosed: false };
  await line.send((kline as unknown as Stream).message, [open]);
  const consumer = line.start("kline:consume");
  await until("the open candle", async () => (await consumer.report())?.counts.stored === 1);
  line.start("repair");
  await line.settled();
  assert.deepEqual(await line.states(), ["absent", "repaired"]);
  // The candle before the first gap has an open version only, and none of the one before the second.
  assert.deepEqual(await candles(line), [
    `${btc} 2`,
    `${btc} 3`,
    `${btc} 4`,
    `${btc} 5`,
    `${eth} 6`,
    `${eth} 8`,
  ]);
  const { expected, wrong, doubled, stored, lost } = await compareWithTruth(
    line.sql,
    "kline_data",
    line.exchange.truth(),
    { without: untold },
  );
  assert.deepEqual([wrong, doubled, stored, lost], [0, 0, 6, expected - 6]);
});

Deno.test("trades that ids lack are fetched by their ids and the jump is repaired; those that the exchange lacks are absent", async () => {
  await using line = await stage();
  const all = await line.messages(trade);
  const missing = new Set<number>();
  for (const symbol of symbols) {
    const own = all.filter((one) => one.symbol === symbol);
    for (const one of own.slice(20, 45)) missing.add(one.aggTradeId);
  }
  const [btc, eth] = symbols;
  const lacking = all.filter(({ symbol }) => symbol === eth).slice(30, 33);
  line.exchange.inject({
    ...{ fault: "lack", kind: "aggTrades", symbol: eth },
    ...{ from: lacking[0].tradeTime, to: lacking.at(-1)!.tradeTime + 1 },
  });
  const { message } = trade as unknown as Stream;
  await line.send(message, all.filter(({ aggTradeId }) => !missing.has(aggTradeId)));
  for (const task of ["trade:consume", "repair"]) line.start(task);
  const gaps = () =>
    line.sql`
      select symbol, state, first_id::float8 as first, last_id::float8 as last, missing::int from websocket.gap_data
      order by symbol, first_id`;
  const settled = async () => {
    const rows = await gaps();
    return rows.some(({ state }) => state === "absent") &&
      rows.every(({ state }) => state !== "unrepaired") && rows;
  };
  const rows = await until("the jumps to be settled", settled);
  const idsOf = (symbol: string) =>
    all.filter((one) => one.symbol === symbol && missing.has(one.aggTradeId)).map(({ aggTradeId }) =>
      aggTradeId
    );
  assert.deepEqual(rows.map((row) => [row.symbol, row.state, row.first, row.last]), [
    [btc, "repaired", idsOf(btc)[0], idsOf(btc).at(-1)],
    [eth, "repaired", idsOf(eth)[0], idsOf(eth).at(-1)],
    [eth, "absent", lacking[0].aggTradeId, lacking.at(-1)!.aggTradeId],
  ]);
  const { expected: _all, stored: _stored, samples: _samples, ...faults } = await compareWithTruth(
    line.sql,
    "trade_data",
    line.exchange.truth(),
    { without: ["event_time"] },
  );
  assert.deepEqual(faults, { lost: lacking.length, doubled: 0, wrong: 0 });
});

Deno.test("while REST is down or answers nonsense gaps stay; a worker that is killed goes on where it was, and the weight is kept to", async () => {
  await using line = await stage();
  line.exchange.inject({ fault: "rest", does: "down" });
  for (const symbol of symbols) {
    for (let minute = 2; minute < 17; minute += 3) await line.candleGap(symbol, minute, minute + 1);
  }
  line.start("kline:consume");
  // 24 units of weight a minute, of which two are left for others.
  const slow = { BINANCE_WEIGHT_PERCENT: "1" };
  const first = line.start("repair", slow);
  await until(
    "the worker to wait",
    async () => /Cannot ask http/.test((await first.report())?.waiting ?? ""),
  );
  line.exchange.inject({ fault: "clear" });
  line.exchange.inject({ fault: "rest", does: "lie", ms: 3_000 });
  await first.says(/what the exchange says of a gap can't be used.*must be a plain decimal/);
  await until("some to be repaired", async () => (await line.states()).includes("repaired"));
  await first.kill("SIGKILL");
  line.start("repair", slow);
  await line.settled();
  assert.deepEqual(new Set(await line.states()), new Set(["repaired"]));
  const { most, refused } = line.exchange.status().weight;
  assert.ok(most <= 24, `${most}`);
  assert.equal(refused, 0);
  assert.equal((await candles(line)).length, 2 * 5);
});

Deno.test("of two repair workers one works, and the other one goes on once that is gone; neither asks for what is there", async () => {
  await using line = await stage();
  line.start("kline:consume");
  const workers = [line.start("repair"), line.start("repair")];
  await line.candleGap(symbols[0], 3, 5);
  await line.settled();
  const requests = async () =>
    await Promise.all(workers.map(async (worker) => (await worker.report())?.counts.requests ?? 0));
  const counts = await requests();
  assert.deepEqual(counts.toSorted(), [0, 1]);
  await workers[counts.indexOf(1)].kill("SIGKILL");
  await line.candleGap(symbols[0], 4, 9);
  await line.settled();
  assert.deepEqual(await line.states(), ["repaired", "repaired"]);
  assert.equal((await candles(line)).length, 6);
  assert.equal((await workers[counts.indexOf(0)].report())!.counts.requests, 1);
});

Deno.test("a repair worker that the exchange does not answer leaves the work to another one that reaches it", async () => {
  await using line = await stage();
  line.start("kline:consume");
  await line.candleGap(symbols[0], 3, 5);
  const first = line.start("repair", { BINANCE_REST_URL: "http://127.0.0.1:1" });
  await until(
    "the first worker to ask",
    async () => /Cannot ask http/.test((await first.report())?.waiting ?? ""),
  );
  line.start("repair");
  await line.settled();
  assert.deepEqual(await line.states(), ["repaired"]);
});
