import assert from "node:assert/strict";
import { DAY } from "../local/exchange/archive/past.ts";
import { sleep } from "../shared/wait.ts";
import {
  runHistory,
  spawnHistory,
  startArchive,
  storedCandles,
  type TestArchive,
  trueCandles,
  versionsOf,
} from "./archive.ts";
import { recordingPath, testWithRecording } from "./recordings.ts";
import { type TestDatabase, testDatabase } from "./stack.ts";
import { until } from "./until.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);
const envOf = (database: TestDatabase, archive: TestArchive) => ({
  DB_URL: database.url,
  BINANCE_ARCHIVE_URL: archive.url,
});
const symbols = ["BTCUSDT", "ETHUSDT", "1000PEPEUSDT"];
const [since, end] = [at("2024-01-30"), at("2024-03-03")];
/** A month by its file, and five days by theirs. */
const range = `--from 2024-01-30 --to 2024-03-02 --symbols ${symbols} --intervals 1m,1h`;
const FILES = 3 * 2 * 5;

async function assertTruth({ sql }: TestDatabase): Promise<void> {
  for (const symbol of symbols) {
    for (const interval of ["1m", "1h"]) {
      assert.deepEqual(await storedCandles(sql, symbol, interval), trueCandles(symbol, interval, since, end));
    }
  }
}

Deno.test("a month and some days of candles equal the archive's; a second run fetches no file and changes no row", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(symbols);
  const { code, said, complained } = await runHistory(range, envOf(database, archive));
  assert.equal(code, 0, complained);
  await assertTruth(database);
  const minutes = (end - since) / 60_000;
  const count = minutes.toLocaleString("en");
  assert.match(said, new RegExp(`^ETHUSDT 1m +candles +${count} +${count} +0 +0$`, "m"));
  assert.match(said, new RegExp(`^${FILES} files imported, 0 were imported before, 0 refused, in `, "m"));
  assert.equal(archive.fetched.length, FILES);
  assert.ok(
    archive.fetched.includes("BTCUSDT-1m-2024-02.zip") &&
      archive.fetched.includes("BTCUSDT-1m-2024-03-02.zip"),
  );
  const [{ versions }] = await database.sql`
    select count(distinct (is_closed, first_trade_id, last_trade_id, revision))::int as versions from websocket.kline_data
    where is_closed and first_trade_id is null and last_trade_id is null and revision = 1`;
  assert.equal(versions, 1);

  const before = await versionsOf(database.sql);
  archive.fetched.length = 0;
  const again = await runHistory(range, envOf(database, archive));
  assert.equal(again.code, 0, again.complained);
  assert.match(again.said, new RegExp(`^0 files imported, ${FILES} were imported before`, "m"));
  assert.deepEqual(archive.fetched, []);
  assert.deepEqual(await versionsOf(database.sql), before);
});

Deno.test("an import that is killed again and again, or stopped, goes on where it ended and misses nothing", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(symbols);
  for (let times = 0; times < 6; times++) {
    const run = await spawnHistory(range, envOf(database, archive));
    const fetched = archive.fetched.length;
    // It is killed some time after it has begun to read a file.
    await Promise.race([run.ended, until("a file to be fetched", () => archive.fetched.length > fetched)]);
    await sleep(Math.random() * 300);
    run.kill(times % 2 ? "SIGKILL" : "SIGINT");
    const { code, complained } = await run.ended;
    if (times % 2 === 0 && code !== 0) {
      assert.equal(code, 130, complained);
      assert.match(complained, /^Stopped\. What is imported stays/m);
    }
  }
  const { code, complained } = await runHistory(range, envOf(database, archive));
  assert.equal(code, 0, complained);
  await assertTruth(database);
});

Deno.test("a file that the archive replaced is imported anew, and what REST gave stays", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const words = "--from 2024-02-01 --to 2024-02-02 --symbols BTCUSDT --intervals 1h";
  await runHistory(words, envOf(database, archive));
  const { sql } = database;
  await sql`update websocket.kline_data set revision = 2, open = 7 where open_time = '2024-02-02 05:00Z'`;

  const lines = trueCandles("BTCUSDT", "1h", at("2024-02-02"), at("2024-02-03"))
    .map((line) => line.replace(/^(\d+),[^,]+/, "$1,1.50") + ",0");
  archive.pack("daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02-02.zip", lines.join("\n"));
  archive.fetched.length = 0;
  const { code, complained } = await runHistory(words, envOf(database, archive));
  assert.equal(code, 0, complained);
  assert.deepEqual(archive.fetched, ["BTCUSDT-1h-2024-02-02.zip"]);
  const opens = await sql`
    select open::text, count(*)::int from websocket.kline_data where open_time >= '2024-02-02' group by open order by open`;
  assert.deepEqual(opens.map(({ open, count }) => [open, count]), [["1.50", 23], ["7", 1]]);
});

Deno.test("a candle from the socket is replaced, and an open one is closed", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const { sql } = database;
  for (const [minute, isClosed] of [[0, true], [1, false]] as const) {
    const time = new Date(at("2024-02-01") + minute * 60_000);
    await sql`insert into websocket.kline_data values ('BTCUSDT', '1m', ${time}, ${time}, 1, 1, 1, 1, 1, 1, 1, 1, 5, 10, 14,
      ${isClosed}, now() + interval '1 h', now())`;
  }
  const words = "--from 2024-02-01 --to 2024-02-01 --symbols BTCUSDT --intervals 1m";
  assert.equal((await runHistory(words, envOf(database, archive))).code, 0);
  assert.deepEqual(
    await storedCandles(sql, "BTCUSDT", "1m"),
    trueCandles("BTCUSDT", "1m", at("2024-02-01"), at("2024-02-02")),
  );
  const ids =
    await sql`select first_trade_id::int from websocket.kline_data where first_trade_id is not null order by open_time`;
  assert.deepEqual(ids.map((row) => row.first_trade_id), [10, 10]);
});

Deno.test("what the archive has not is absent, and what it can't have yet is missing", async () => {
  await using database = await testDatabase();
  const listed = at("2024-02-20");
  await using archive = startArchive(["BTCUSDT"], listed);
  const words = "--from 2024-01-01 --to 2024-02-29 --symbols BTCUSDT,XUSDT --intervals 1h";
  const { code, said, complained } = await runHistory(words, envOf(database, archive));
  assert.equal(code, 0, complained);
  assert.match(said, /^BTCUSDT 1h +candles +1,440 +240 +1,200 +0$/m);
  assert.match(said, /^XUSDT 1h +candles +1,440 +0 +1,440 +0$/m);

  const yesterday = new Date(Date.now() - DAY).toISOString().slice(0, 10);
  const path = `daily/klines/BTCUSDT/1h/BTCUSDT-1h-${yesterday}.zip`;
  for (const one of [path, `${path}.CHECKSUM`]) archive.set(one, "missing");
  const recent = await runHistory(`--from ${yesterday} --to ${yesterday} --symbols BTCUSDT --intervals 1h`, {
    ...envOf(database, archive),
  });
  assert.match(recent.said, /^BTCUSDT 1h +candles +24 +0 +0 +24$/m);
});

Deno.test("a month whose file is not there is read by days", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const month = "monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip";
  for (const one of [month, `${month}.CHECKSUM`]) archive.set(one, "missing");
  const day = "daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02-10.zip";
  for (const one of [day, `${day}.CHECKSUM`]) archive.set(one, "missing");
  const words = "--from 2024-02-01 --to 2024-02-29 --symbols BTCUSDT --intervals 1h";
  const { said } = await runHistory(words, envOf(database, archive));
  assert.match(said, /^BTCUSDT 1h +candles +696 +672 +24 +0$/m);
  assert.equal(archive.fetched.length, 28);
});

Deno.test("the files of another host are not stored in the exchange's database, and an archive that is away is named", async () => {
  await using archive = startArchive([]);
  const words = "--from 2024-02-01 --to 2024-02-02 --symbols BTCUSDT";
  const refused = await runHistory(words, {
    DB_URL: "postgres://localhost:5432/bookline",
    BINANCE_ARCHIVE_URL: archive.url,
  });
  assert.equal(refused.code, 1);
  assert.match(
    refused.complained,
    /^Cannot store data of 127\.0\.0\.1:\d+, which is not the exchange, in the database bookline/m,
  );
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
    const { code, said, complained } = await runHistory(words, envOf(database, archive));
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
