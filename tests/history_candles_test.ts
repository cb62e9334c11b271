import assert from "node:assert/strict";
import { DAY } from "../local/exchange/archive/past.ts";
import { usualSymbols } from "../local/exchange/market/instrument.ts";
import { sleep } from "../shared/wait.ts";
import {
  historyEnv,
  runHistory,
  spawnHistory,
  startArchive,
  storedCandles,
  trueCandles,
  versionsOf,
} from "./archive.ts";
import { type TestDatabase, testDatabase } from "./stack.ts";
import { until } from "./until.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);
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

Deno.test("a month and some days of candles equal the archive's; what is deleted of them comes back, and then a run fetches no file and changes no row", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(symbols);
  const { code, said, complained } = await runHistory(range, historyEnv(database, archive));
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

  // Three hours and the last minute of a month, and an hour of a day.
  await database.sql`
    delete from websocket.kline_data where (symbol, interval) = ('BTCUSDT', '1m')
      and (open_time >= '2024-02-10 05:00Z' and open_time < '2024-02-10 08:00Z' or open_time = '2024-02-29 23:59Z')`;
  await database.sql`
    delete from websocket.kline_data where (symbol, interval, open_time) = ('ETHUSDT', '1h', '2024-03-02 07:00Z')`;
  archive.fetched.length = 0;
  const repeated = await runHistory(range, historyEnv(database, archive));
  assert.equal(repeated.code, 0, repeated.complained);
  assert.deepEqual(archive.fetched.toSorted(), ["BTCUSDT-1m-2024-02.zip", "ETHUSDT-1h-2024-03-02.zip"]);
  await assertTruth(database);
  assert.match(
    repeated.complained,
    /BTCUSDT 1m: 181 rows of imported files are gone: imports 1 files anew$/m,
  );

  const before = await versionsOf(database.sql);
  archive.fetched.length = 0;
  const again = await runHistory(range, historyEnv(database, archive));
  assert.equal(again.code, 0, again.complained);
  assert.match(again.said, new RegExp(`^0 files imported, ${FILES} were imported before`, "m"));
  assert.deepEqual(archive.fetched, []);
  assert.deepEqual(await versionsOf(database.sql), before);
});

Deno.test("an import of ten symbols that is killed or stopped at ten random moments goes on where it ended and misses nothing", async () => {
  const ten = usualSymbols;
  await using database = await testDatabase();
  await using archive = startArchive(ten);
  // Ten days by their files, and two from REST. A month would be one file a symbol: too few moments, and no other ones.
  const [from, files, last] = [at("2024-03-02"), at("2024-03-12"), at("2024-03-14")];
  for (const symbol of ten) {
    for (const day of ["2024-03-12", "2024-03-13"]) {
      const path = `daily/klines/${symbol}/1m/${symbol}-1m-${day}.zip`;
      for (const one of [path, `${path}.CHECKSUM`]) archive.set(one, "missing");
    }
  }
  const words = `--from 2024-03-02 --to 2024-03-13 --symbols ${ten} --intervals 1m`;
  const steps = () => archive.fetched.length + archive.asked.length;
  // A file a symbol and day, then 2,880 candles a symbol, by 499: what runs do again comes on top.
  const all = ten.length * ((files - from) / DAY + 6);
  for (let times = 0; times < 10; times++) {
    const run = await spawnHistory(words, historyEnv(database, archive));
    const moment = Math.max(steps() + 1, all / 10 * (times + Math.random() / 2));
    await Promise.race([run.ended, until("the import to go on", () => steps() >= moment)]);
    await sleep(Math.random() * 50);
    const signal = times % 2 ? "SIGKILL" : "SIGINT";
    run.kill(signal);
    const { code, complained } = await run.ended;
    assert.equal(code, signal === "SIGKILL" ? 137 : 130, `it ended before the kill ${times}: ${complained}`);
    if (signal === "SIGINT") assert.match(complained, /^Stopped\. What is imported stays/m);
  }
  const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  for (const symbol of ten) {
    assert.deepEqual(await storedCandles(database.sql, symbol, "1m"), trueCandles(symbol, "1m", from, last));
  }
  const count = (last - from) / 60_000;
  const whole = new RegExp(
    `^\\w+ 1m +candles +${count.toLocaleString("en")} +${count.toLocaleString("en")} +0 +0$`,
    "gm",
  );
  assert.equal(said.match(whole)?.length, ten.length, said);
});

Deno.test("a file that the archive replaced is imported anew, and what REST gave stays", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const words = "--from 2024-02-01 --to 2024-02-02 --symbols BTCUSDT --intervals 1h";
  await runHistory(words, historyEnv(database, archive));
  const { sql } = database;
  await sql`update websocket.kline_data set revision = 2, open = 7 where open_time = '2024-02-02 05:00Z'`;

  const lines = trueCandles("BTCUSDT", "1h", at("2024-02-02"), at("2024-02-03"))
    .map((line) => line.replace(/^(\d+),[^,]+/, "$1,1.50") + ",0");
  archive.pack("daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02-02.zip", lines.join("\n"));
  archive.fetched.length = 0;
  const { code, complained } = await runHistory(words, historyEnv(database, archive));
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
  assert.equal((await runHistory(words, historyEnv(database, archive))).code, 0);
  assert.deepEqual(
    await storedCandles(sql, "BTCUSDT", "1m"),
    trueCandles("BTCUSDT", "1m", at("2024-02-01"), at("2024-02-02")),
  );
  const ids =
    await sql`select first_trade_id::int from websocket.kline_data where first_trade_id is not null order by open_time`;
  assert.deepEqual(ids.map((row) => row.first_trade_id), [10, 10]);
});

Deno.test("what neither the archive nor REST has is absent, and REST is asked once for a time before the symbol was listed", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"], at("2024-02-20"));
  const words = "--from 2024-01-01 --to 2024-02-29 --symbols BTCUSDT,XUSDT --intervals 1h";
  const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  assert.match(said, /^BTCUSDT 1h +candles +1,440 +240 +1,200 +0$/m);
  assert.match(said, /^XUSDT 1h +candles +1,440 +0 +1,440 +0$/m);
  assert.deepEqual(archive.asked.map((query) => query.get("symbol")).sort(), ["BTCUSDT", "XUSDT"]);
});

Deno.test("REST gives what is not published yet, up to now, and what files lack; a second run asks for nothing that is there", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const { sql } = database;
  const day = (ago: number) => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10);
  const yesterday = `daily/klines/BTCUSDT/1m/BTCUSDT-1m-${day(1)}.zip`;
  for (const path of [yesterday, `${yesterday}.CHECKSUM`]) archive.set(path, "missing");
  // The file of the day before has a hole of three minutes, one of which the exchange has not either.
  const before = trueCandles("BTCUSDT", "1m", at(day(2)), at(day(1))).map((line) => `${line},0`);
  archive.pack(`daily/klines/BTCUSDT/1m/BTCUSDT-1m-${day(2)}.zip`, before.toSpliced(700, 3).join("\n"));
  archive.lacking.add(at(day(2)) + 701 * 60_000);

  const words = `--from ${day(3)} --symbols BTCUSDT --intervals 1m`;
  const began = Date.now();
  const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  const [, expected, present] = /^BTCUSDT 1m +candles +([\d,]+) +([\d,]+) +1 +0$/m.exec(said)!;
  const count = Number(expected.replaceAll(",", ""));
  assert.equal(Number(present.replaceAll(",", "")), count - 1);
  const least = Math.floor((began - 10_000 - at(day(3))) / 60_000);
  assert.ok(count === least || count === least + 1, `${count} candles, at least ${least}`);
  const truth = trueCandles("BTCUSDT", "1m", at(day(3)), at(day(0)) + DAY).slice(0, count).toSpliced(
    1_440 + 701,
    1,
  );
  assert.deepEqual(await storedCandles(sql, "BTCUSDT", "1m"), truth);
  const [{ fetched }] =
    await sql`select count(*)::int as fetched from websocket.kline_data where revision = 2`;
  assert.equal(fetched, count - 2 * 1_440 + 2);
  assert.ok(archive.asked.every((query) => Number(query.get("limit")) <= 499));

  // A minute of that file is deleted, which REST has not either. The table still has as many candles as the file.
  const until = new Date(at(day(0)) - 1).toISOString().slice(0, 10);
  const deleted = at(day(2)) + 100 * 60_000;
  archive.lacking.add(deleted);
  await sql`delete from websocket.kline_data where open_time = ${new Date(deleted)}`;
  archive.fetched.length = 0;
  const repeated = await runHistory(`${words} --to ${until}`, historyEnv(database, archive));
  assert.equal(repeated.code, 0, repeated.complained);
  assert.deepEqual(archive.fetched, [`BTCUSDT-1m-${day(2)}.zip`]);
  assert.deepEqual(await storedCandles(sql, "BTCUSDT", "1m"), truth);

  const versions = await versionsOf(sql);
  archive.asked.length = archive.fetched.length = 0;
  const again = await runHistory(`${words} --to ${until}`, historyEnv(database, archive));
  assert.deepEqual(archive.fetched, [], "what the file lacks is no reason to import it again");
  assert.match(again.said, /^BTCUSDT 1m +candles +4,320 +4,319 +1 +0$/m);
  assert.deepEqual(archive.asked.map((query) => query.get("startTime")), [String(at(day(2)) + 701 * 60_000)]);
  assert.deepEqual(await versionsOf(sql), versions);
});

Deno.test("a month whose file is not there is read by days, and a day whose file is not there from REST", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const month = "monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip";
  for (const one of [month, `${month}.CHECKSUM`]) archive.set(one, "missing");
  const day = "daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02-10.zip";
  for (const one of [day, `${day}.CHECKSUM`]) archive.set(one, "missing");
  const words = "--from 2024-02-01 --to 2024-02-29 --symbols BTCUSDT --intervals 1h";
  const { said } = await runHistory(words, historyEnv(database, archive));
  assert.match(said, /^BTCUSDT 1h +candles +696 +696 +0 +0$/m);
  assert.equal(archive.fetched.length, 28);
  assert.equal(archive.asked.length, 1);
});
