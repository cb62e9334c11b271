/** Tests that an import stores the exchange's candles, and none that is less right than what is there, or comes later. */
import assert from "node:assert/strict";
import { DAY } from "../local/exchange/archive/past.ts";
import { historyEnv, runHistory, startArchive, storedCandles, trueCandles } from "./archive.ts";
import { recordingPath, testWithRecording } from "./recordings.ts";
import { testDatabase } from "./stack.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);

Deno.test("a candle that was compared with REST's stays as it is, and one that is gone comes back", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const { sql } = database;
  for (const minute of [0, 1, 1_439]) {
    const time = new Date(at("2024-02-01") + minute * 60_000);
    await sql`insert into websocket.kline_data values ('BTCUSDT', '1m', ${time}, ${time}, 7, 7, 7, 7, 1, 1, 1, 1, 5, 10, 14,
      true, ${time}, ${time})`;
  }
  // The candles of the minutes 0, 2 and 1,439 were compared; that of the minute 2 is not there any more.
  await sql`insert into websocket.audit_sets (symbol, interval, day, with_exchange)
    select 'BTCUSDT', '1m', '2024-02-01', bit_or(set_bit(repeat('0', 1440)::bit(1440), minute, 1))
    from unnest('{0, 2, 1439}'::int[]) as minute`;
  const words = "--from 2024-02-01 --to 2024-02-01 --symbols BTCUSDT --intervals 1m";
  assert.equal((await runHistory(words, historyEnv(database, archive))).code, 0);
  const kept = await sql`
    select extract(epoch from open_time - '2024-02-01 00:00Z')::int / 60 as minute, revision::int from websocket.kline_data
    where open = 7 order by open_time`;
  assert.deepEqual(kept.map(({ minute, revision }) => [minute, revision]), [[0, 0], [1_439, 0]]);
  const truth = trueCandles("BTCUSDT", "1m", at("2024-02-01"), at("2024-02-02"));
  assert.deepEqual((await storedCandles(sql, "BTCUSDT", "1m")).slice(1, -1), truth.slice(1, -1));
});

Deno.test("a candle that goes on by the exchange's clock is not stored, nor said to be absent, though ours is ahead by an hour", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const behind = 3_600_000;
  archive.setBehind(behind);
  const day = (ago: number) => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10);
  const yesterday = `daily/klines/BTCUSDT/1m/BTCUSDT-1m-${day(1)}.zip`;
  for (const path of [yesterday, `${yesterday}.CHECKSUM`]) archive.set(path, "missing");
  const words = `--from ${day(1)} --symbols BTCUSDT --intervals 1m`;
  const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  const [row] = await database.sql`
    select count(*)::int, extract(epoch from max(close_time))::float8 * 1000 + 1 as ended from websocket.kline_data where is_closed`;
  const now = Date.now() - behind;
  assert.ok(row.ended <= now - 9_000 && row.ended > now - 180_000, `${(now - row.ended) / 1_000} s ago`);
  const present = row.count.toLocaleString("en");
  // A minute may end after our range was chosen.
  assert.match(said, new RegExp(`^BTCUSDT 1m +candles +[\\d,]+ +${present} +0 +(59|60)$`, "m"));
});

const algo = "usdm_klines_ALGOUSDT_1m_2024-09-14.csv.gz";
testWithRecording(
  algo,
  "the exchange's own day of ALGOUSDT has all 1,440 candles, 38 of them flat",
  async () => {
    await using database = await testDatabase();
    await using archive = startArchive([]);
    const file = await Deno.open(recordingPath(algo));
    const csv = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
    archive.pack("daily/klines/ALGOUSDT/1m/ALGOUSDT-1m-2024-09-14.zip", csv);
    const words = "--from 2024-09-14 --to 2024-09-14 --symbols ALGOUSDT --intervals 1m";
    const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
    assert.equal(code, 0, complained);
    assert.match(said, /^ALGOUSDT 1m +candles +1,440 +1,440 +0 +0$/m);
    const { sql } = database;
    const [{ flat }] = await sql`
    select count(*)::int as flat from websocket.kline_data
    where num_trades = 0 and volume = 0 and open = high and high = low and low = close`;
    assert.equal(flat, 38);
    const lines = csv.trim().split("\n").slice(1).map((line) => line.slice(0, line.lastIndexOf(",")));
    assert.deepEqual(await storedCandles(sql, "ALGOUSDT", "1m"), lines);
  },
);
