import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { recording } from "../local/exchange/recording.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { testDatabase } from "./stack.ts";

const recordings = Deno.env.get("RECORDINGS") ?? new URL("../../shared/recordings", import.meta.url).pathname;
const trades = join(recordings, "usdm_trade_2024-08-08.jsonl.gz");
const official = join(recordings, "usdm_klines_BTCUSDT_1m_2024-08-08.csv");

/** Stores a candle of one minute; what the views don't read is made up. */
async function storeMinutes(sql: Sql, minutes: readonly Record<string, string>[]): Promise<void> {
  await sql`
    insert into websocket.kline_data
    select 'BTCUSDT', '1m', to_timestamp(open_time / 1000.0), to_timestamp(open_time / 1000.0 + 59.999), open, high, low,
      close, volume, quote_volume, taker_buy_volume, taker_buy_quote_volume, count, 1, 1, true, now(), now()
    from jsonb_to_recordset(${sql.json([...minutes])}) as minute (
      open_time bigint, open numeric, high numeric, low numeric, close numeric, volume numeric, quote_volume numeric,
      taker_buy_volume numeric, taker_buy_quote_volume numeric, count bigint
    )`;
}

const minute = (openTime: string, [open, high, low, close]: string[], volume = "1") => ({
  open_time: `${Date.parse(openTime)}`,
  ...{ open, high, low, close, volume },
  ...{ quote_volume: "1", taker_buy_volume: "1", taker_buy_quote_volume: "1", count: "1" },
});

Deno.test("a larger candle without some of its minutes says how many it holds", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await storeMinutes(sql, [
    minute("2026-08-10T12:03:00Z", ["3", "9", "2", "4"], "0.1"),
    minute("2026-08-10T12:01:00Z", ["1", "5", "0.5", "2"], "0.2"),
    minute("2026-08-10T12:05:00Z", ["7", "7", "7", "7"], "0.4"),
  ]);
  const candles =
    await sql`select open, high, low, close, volume, minutes from websocket.kline_5m order by open_time`;
  assert.deepEqual([...candles], [
    { open: "1", high: "9", low: "0.5", close: "4", volume: "0.3", minutes: "2" },
    { open: "7", high: "7", low: "7", close: "7", volume: "0.4", minutes: "1" },
  ]);
});

Deno.test("larger candles begin where the exchange's do, in UTC", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await storeMinutes(sql, [minute("2026-08-10T23:59:00Z", ["1", "1", "1", "1"])]);
  const [starts] = await sql`
    select a.open_time as "5m", b.open_time as "15m", c.open_time as "1h", d.open_time as "4h", e.open_time as "1d"
    from websocket.kline_5m a, websocket.kline_15m b, websocket.kline_1h c, websocket.kline_4h d, websocket.kline_1d e`;
  assert.deepEqual(Object.values(starts).map((start) => start.toISOString()), [
    "2026-08-10T23:55:00.000Z",
    "2026-08-10T23:45:00.000Z",
    "2026-08-10T23:00:00.000Z",
    "2026-08-10T20:00:00.000Z",
    "2026-08-10T00:00:00.000Z",
  ]);
});

/** Stores random candles of each minute of a day for two symbols, of which only `1m` counts. */
async function storeDay(sql: Sql, day: string): Promise<void> {
  await sql`
    insert into websocket.kline_data
    select symbol, interval, minute, minute + interval '59.999 s', random(), random() + 1, -random(), random(), random(),
      random(), random(), random(), 2, 1, 2, true, now(), now()
    from generate_series(${day}::timestamptz, ${day}::timestamptz + interval '1439 minutes', '1 minute') as minute,
      unnest(array['BTCUSDT', 'ETHUSDT']) as symbol, unnest(array['1m', '1h']) as interval`;
  await sql`analyze websocket.kline_data`;
}

Deno.test("the candles of a range begin with the one that it begins in, and end with what has begun by its end", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await storeDay(sql, "2026-08-10T00:00:00Z");
  const columns = sql`open_time, open, high, low, close, volume, quote_volume, taker_buy_base_volume,
    taker_buy_quote_volume, num_trades, minutes`;
  for (const [view, width] of [["kline_5m", "5 minutes"], ["kline_1h", "1h"], ["kline_1d", "1d"]]) {
    const candles = await sql`
      select ${columns} from websocket.candles('BTCUSDT', ${width}, '2026-08-10T03:04:05Z', '2026-08-10T23:59:00Z')`;
    const fromView = await sql`
      select ${columns} from websocket.${sql(view)}
      where symbol = 'BTCUSDT' and open_time >= date_bin(${width}, '2026-08-10T03:04:05Z', 'epoch') order by open_time`;
    assert.ok(candles.length > 0);
    assert.deepEqual([...candles], [...fromView]);
  }
  const moving = await sql`
    select open_time, minutes::int from websocket.candles('BTCUSDT', '1h', '2026-08-10T03:59:59Z', '2026-08-10T04:01:30Z')`;
  assert.deepEqual([...moving], [
    { open_time: new Date("2026-08-10T03:00:00Z"), minutes: 60 },
    { open_time: new Date("2026-08-10T04:00:00Z"), minutes: 2 },
  ]);
});

Deno.test("the candles of a range read no more than its minutes, by the key's index", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await storeDay(sql, "2026-08-10T00:00:00Z");
  await sql.begin(async (transaction) => {
    const read = async () =>
      (await transaction`
        select seq_scan::int, idx_scan::int, idx_tup_fetch::int from pg_stat_xact_user_tables
        where relid = 'websocket.kline_data'::regclass`)[0];
    const before = await read();
    await transaction`select from websocket.candles('BTCUSDT', '5m', '2026-08-10T12:02:00Z', '2026-08-10T12:59:00Z')`;
    const after = await read();
    assert.deepEqual(
      Object.keys(after).map((name) => after[name] - before[name]),
      [0, 1, 60],
    );
  });
});

Deno.test({
  name: "candles of the recorded trades are the exchange's own, by the minute and by five" +
    (existsSync(trades) ? "" : ": left out, as RECORDINGS names no folder that has them"),
  ignore: !existsSync(trades),
  async fn() {
    await using database = await testDatabase();
    const { sql } = database;
    await storeMinutes(sql, await candlesOf(sql, 60_000));
    const columns = sql`open_time, open, high, low, close, volume, quote_volume, taker_buy_base_volume,
      taker_buy_quote_volume, num_trades`;
    // The trades begin within 23:54.
    const fromTrades = await sql`
      select ${columns} from websocket.kline_data where open_time >= '2024-08-08T23:55:00Z' order by open_time`;
    const fiveFromTrades = await sql`
      select ${columns}, minutes from websocket.kline_5m where open_time = '2024-08-08T23:55:00Z'`;

    await sql`truncate websocket.kline_data`;
    await storeMinutes(sql, await officialCandles());
    const fromExchange = await sql`
      select ${columns} from websocket.kline_data
      where open_time between '2024-08-08T23:55:00Z' and '2024-08-08T23:59:00Z' order by open_time`;
    const fiveFromExchange = await sql`
      select ${columns}, minutes from websocket.kline_5m where open_time = '2024-08-08T23:55:00Z'`;

    assert.equal(fromTrades.length, 5);
    assert.deepEqual(numbers(fromTrades), numbers(fromExchange));
    assert.equal(fiveFromTrades[0].minutes, "5");
    assert.deepEqual(numbers(fiveFromTrades), numbers(fiveFromExchange));
    // The whole of the five minutes at once: no sum of sums.
    const [whole] = (await candlesOf(sql, 300_000)).filter(({ open_time }) => open_time === "1723161300000");
    assert.equal(Number(whole.count), Number(fiveFromExchange[0].num_trades));
    assert.deepEqual([whole.open, whole.close], [fiveFromExchange[0].open, fiveFromExchange[0].close]);
  },
});

/** Rows with their decimals without trailing zeros, so that they compare as numbers. */
function numbers(rows: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const plain = (value: unknown) =>
    typeof value === "string" && value.includes(".") ? value.replace(/\.?0+$/, "") : value;
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))
  );
}

/** The recorded BTCUSDT trades as candles of that width in ms, summed by PostgreSQL. */
async function candlesOf(sql: Sql, width: number): Promise<Record<string, string>[]> {
  const all = [];
  for await (const { head } of recording(trades, ["BTCUSDT"])) {
    const { T, t, p, q, m } = JSON.parse(head);
    all.push({ T, t, p, q, m });
  }
  const rows = await sql`
    select "T" / ${width} * ${width} as open_time, (array_agg(p order by t))[1] as open, max(p) as high, min(p) as low,
      (array_agg(p order by t desc))[1] as close, sum(q) as volume, sum(p * q) as quote_volume,
      sum(q) filter (where not m) as taker_buy_volume, sum(p * q) filter (where not m) as taker_buy_quote_volume,
      count(*) as count
    from jsonb_to_recordset(${sql.json(all)}) as trade ("T" bigint, t bigint, p numeric, q numeric, m boolean)
    group by 1 order by 1`;
  return rows.map((row) => ({ ...row } as Record<string, string>));
}

async function officialCandles(): Promise<Record<string, string>[]> {
  const [header, ...lines] = (await Deno.readTextFile(official)).trim().split("\n").map((line) =>
    line.split(",")
  );
  return lines.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i]])));
}
