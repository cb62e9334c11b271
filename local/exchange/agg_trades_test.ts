import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { withAggTrades } from "./agg_trades.ts";
import type { MarketEvent } from "./event.ts";
import type { Cut } from "./market/aggregator.ts";
import { type Part, type Sums, sumsByMinute, sumsIn } from "./market/test_sums.ts";
import { recording } from "./recording.ts";
import { recordingTest } from "./test_recording.ts";

const time = 1_790_000_040_000;
const trade = (t: number, fields: Record<string, unknown> = {}): MarketEvent => {
  const payload = {
    e: "trade",
    E: time + t,
    T: time + t,
    s: "BTCUSDT",
    t,
    p: "5.0",
    q: "1",
    X: "MARKET",
    m: true,
  };
  return { stream: "btcusdt@trade", time: time + t, head: JSON.stringify({ ...payload, ...fields }) };
};
const played = (events: MarketEvent[], cut: Cut = "cut") => Array.fromAsync(withAggTrades(events, cut));
const aggregatesOf = (events: MarketEvent[]) =>
  events.filter(({ stream }) => stream.endsWith("@aggTrade")).map(({ head }) => JSON.parse(head));

Deno.test("placeholders and trades of the insurance fund and of ADL are not aggregated, and end no aggregate", async () => {
  const others = ["NA", "INSURANCE_FUND", "ADL", undefined].map((X, i) =>
    trade(2 + i, { X, p: "0", q: "0" })
  );
  const [aggregate, ...more] = aggregatesOf(
    await played([trade(1), ...others, trade(9, { X: "RPI", q: "2" })]),
  );
  assert.deepEqual(more, []);
  const { a, p, q, nq, f, l } = aggregate;
  assert.deepEqual({ a, p, q, nq, f, l }, { a: 1, p: "5.0", q: "3", nq: "1", f: 1, l: 9 });
});

Deno.test("recorded events stay as they are, and aggregates come among them in order of time", async () => {
  const tick = {
    stream: "btcusdt@bookTicker",
    time: time + 800,
    head: `{"e":"bookTicker","E":${time + 800}}`,
  };
  const events = [trade(1), trade(30, { m: false }), tick, trade(900)];
  const all = await played(events);
  assert.deepEqual(all.filter((event) => !event.stream.endsWith("@aggTrade")), events);
  assert.deepEqual(
    all.map((event) => [event.stream.split("@")[1], event.time - time]),
    [["trade", 1], ["aggTrade", 30], ["trade", 30], ["aggTrade", 180], ["bookTicker", 800], ["trade", 900], [
      "aggTrade",
      1_050,
    ]],
  );
});

/** The exchange's own candles by symbol and minute, from a CSV with a header. */
async function officialSums(file: string): Promise<[string, Sums][]> {
  const [header, ...lines] = (await Deno.readTextFile(file)).trim().split("\n").map((line) =>
    line.split(",")
  );
  return lines.map((cells) => {
    const { symbol = "BTCUSDT", ...row } = Object.fromEntries(header.map((name, i) => [name, cells[i]]));
    const sums = sumsIn({
      ...{ o: row.open, h: row.high, l: row.low, c: row.close, v: row.volume, q: row.quote_volume },
      ...{ V: row.taker_buy_volume, Q: row.taker_buy_quote_volume },
    });
    return [`${symbol} ${row.open_time}`, sums];
  });
}

/** A recording's whole minutes: those whose aggregated trades add up to the exchange's candles, and those others. */
async function compare(file: string, csvs: string[], { from, minutes, cut }: {
  from: string;
  minutes: number;
  cut: Cut;
}) {
  const folder = dirname(file);
  const official = new Map((await Promise.all(csvs.map((csv) => officialSums(join(folder, csv))))).flat());
  const aggregates = aggregatesOf(await Array.fromAsync(withAggTrades(recording(file), cut)));
  const found: { equal: string[]; differs: string[] } = { equal: [], differs: [] };
  for (const [symbol, own] of Map.groupBy(aggregates, ({ s }) => s)) {
    const sums = sumsByMinute(own as Part[]);
    for (let i = 0; i < minutes; i++) {
      const minute = Date.parse(from) + i * 60_000;
      const isEqual =
        JSON.stringify(sums.get(minute)) === JSON.stringify(official.get(`${symbol} ${minute}`));
      found[isEqual ? "equal" : "differs"].push(`${symbol} ${new Date(minute).toISOString().slice(11, 16)}`);
    }
  }
  return found;
}

for (
  const { name, csvs, from, minutes, symbols, spanned } of [
    {
      name: "usdm_trade_bookTicker_depth_markPrice_2023-04-04.jsonl.gz",
      csvs: ["usdm_klines_1m_2023-04_2024-08.csv"],
      from: "2023-04-04T23:59Z",
      minutes: 7,
      symbols: 1,
      spanned: ["BTCUSDT 00:00", "BTCUSDT 00:01"],
    },
    {
      name: "usdm_trade_2024-08-08.jsonl.gz",
      csvs: ["usdm_klines_1m_2023-04_2024-08.csv", "usdm_klines_BTCUSDT_1m_2024-08-08.csv"],
      from: "2024-08-08T23:55Z",
      minutes: 5,
      symbols: 2,
      spanned: [],
    },
  ]
) {
  recordingTest(
    `the aggregates of ${name} add up to the exchange's candles; if not cut, but where one spans two minutes`,
    name,
    async (file) => {
      const cut = await compare(file, csvs, { from, minutes, cut: "cut" });
      assert.deepEqual([cut.differs, cut.equal.length], [[], minutes * symbols]);
      const uncut = await compare(file, csvs, { from, minutes, cut: "uncut" });
      assert.deepEqual(uncut.differs, spanned);
    },
  );
}
