/** Tests of `deno task history --audit`: candles of the archive are compared with REST's. */
import assert from "node:assert/strict";
import { DAY } from "../local/exchange/archive/past.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { kline } from "../shared/streams/kline.ts";
import {
  historyEnv,
  runHistory,
  spawnHistory,
  startArchive,
  storedCandles,
  type TestArchive,
  trueCandles,
  versionsOf,
} from "./archive.ts";
import { testDatabase } from "./stack.ts";
import { until } from "./until.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);
const MINUTE = 60_000;
const day = at("2024-02-01");
const words = "--from 2024-02-01 --to 2024-02-02 --symbols BTCUSDT --intervals 1m --audit";
const truth = trueCandles("BTCUSDT", "1m", day, day + 2 * DAY);
/** A volume of 0, as the archive has them of 2025-01-29. */
const spoilt = (line: string) => line.split(",").with(5, "0").join();

/** Gives the first day's file a wrong volume in the minute 700. */
function spoil(archive: TestArchive): void {
  const lines = truth.slice(0, 1_440).map((line) => `${line},0`);
  const wrong = lines.with(700, spoilt(lines[700])).join("\n");
  archive.pack("daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-01.zip", wrong);
}

const audited = (sql: Sql) =>
  sql`
    select (extract(epoch from open_time)::bigint * 1000 - ${day}) / ${MINUTE}::int as minute, verdict, detail from websocket.audit_data
    where compared_with = 'exchange'`;

Deno.test("what differs from REST is replaced by it and both are kept, and a second run asks for nothing", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const { sql } = database;
  spoil(archive);
  archive.lacking.add(day + 800 * MINUTE);
  const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  assert.match(said, /^2,879 candles compared with REST now: 1 differed and are replaced, 1 are not there$/m);
  assert.match(complained, /\] 6 of 6 requests to REST, 2,879 rows/);
  assert.deepEqual(await storedCandles(sql, "BTCUSDT", "1m"), truth);
  const replaced = await sql`
    select extract(epoch from open_time)::float8 * 1000 as opens from websocket.kline_data where revision = 2`;
  assert.deepEqual(replaced.map(({ opens }) => opens), [day + 700 * MINUTE]);
  const [{ minute, verdict, detail }, ...others] = await audited(sql);
  assert.deepEqual([Number(minute), verdict, others.length], [700, "repaired", 0]);
  assert.deepEqual(detail, { candle: { volume: 0 }, exchange: { volume: Number(truth[700].split(",")[5]) } });
  const days = await sql`
    select present, judged_exchange, equal_exchange, repaired, differs, absent from websocket.audit_days order by day`;
  assert.deepEqual(days.map((row) => Object.values(row)), [
    [1_440, 1_439, 1_438, 1, 0, 1],
    [1_440, 1_440, 1_440, 0, 0, 0],
  ]);

  const versions = await versionsOf(sql);
  archive.asked.length = 0;
  const again = await runHistory(words, historyEnv(database, archive));
  assert.match(
    again.said,
    /^0 candles compared with REST now: 0 differed and are replaced, 0 are not there$/m,
  );
  assert.deepEqual(archive.asked, []);
  assert.deepEqual(await versionsOf(sql), versions);
});

Deno.test("a comparison that is killed goes on where it ended, and a candle that was only noted is replaced", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const { sql } = database;
  spoil(archive);
  await runHistory(words.replace(" --audit", ""), historyEnv(database, archive));
  assert.deepEqual(archive.asked, [], "without --audit nothing is compared");
  // As a run leaves it that is killed before it replaces the candle.
  const opens = day + 700 * MINUTE;
  const series = { symbol: "BTCUSDT", interval: "1m", fetchedAt: opens };
  const given = kline.archive!.toMessage(truth[700].split(","), series);
  await sql`
    select websocket.judge_answer('kline', 'btcusdt@kline_1m', 'BTCUSDT', ${opens}, ${opens}, ${
    JSON.stringify([given])
  }::text::jsonb)`;
  assert.deepEqual((await audited(sql)).map(({ verdict }) => verdict), ["differs"]);

  for (let times = 1; times <= 3; times++) {
    const run = await spawnHistory(words, historyEnv(database, archive));
    await until("REST to be asked", () => archive.asked.length > times);
    run.kill("SIGKILL");
    await run.ended;
  }
  const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  assert.match(said, / candles compared with REST now: /);
  assert.deepEqual(await storedCandles(sql, "BTCUSDT", "1m"), truth);
  assert.deepEqual((await audited(sql)).map(({ verdict }) => verdict), ["repaired"]);
  const [counts] = await sql`
    select sum(judged_exchange)::int as judged, sum(equal_exchange)::int as equal from websocket.audit_days`;
  assert.deepEqual([counts.judged, counts.equal], [2_880, 2_879]);
});

Deno.test("candles that were deleted and imported again are compared again", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const { sql } = database;
  spoil(archive);
  const env = historyEnv(database, archive);
  await runHistory(words, env);
  const judged = () =>
    sql`select sum(judged_exchange)::int, sum(repaired)::int as repaired from websocket.audit_days`;
  const before = await judged();
  const again = async () => {
    const { said } = await runHistory(words, env);
    assert.deepEqual(await storedCandles(sql, "BTCUSDT", "1m"), truth);
    assert.deepEqual(await judged(), before);
    return said;
  };
  await sql`delete from websocket.kline_data where open_time < ${new Date(day + DAY)}`;
  assert.deepEqual([(await audited(sql)).length, ...await judged()], [0, { sum: 1_440, repaired: 0 }]);
  assert.match(
    await again(),
    /^1,440 candles compared with REST now: 1 differed and are replaced, 0 are not/m,
  );
  await sql`truncate websocket.kline_data`;
  assert.deepEqual([(await audited(sql)).length, ...await judged()], [0, { sum: null, repaired: null }]);
  assert.match(
    await again(),
    /^2,880 candles compared with REST now: 1 differed and are replaced, 0 are not/m,
  );
});

Deno.test("a candle that differed from an earlier answer and is equal to the present one is repaired, and not asked for again", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const { sql } = database;
  const env = historyEnv(database, archive);
  await runHistory(words, env);
  // As a killed run leaves it whose answer the exchange has corrected since, where another program has stored what is right.
  await sql`
    insert into websocket.audit_data (symbol, interval, open_time, compared_with, noticed_at, verdict, detail)
    values ('BTCUSDT', '1m', ${new Date(day)}, 'exchange', now(), 'differs',
      '{"candle": {"volume": 0}, "exchange": {"volume": 1}}'::text::jsonb)`;
  const { said } = await runHistory(words, env);
  assert.match(said, /^1 candles compared with REST now: 0 differed and are replaced, 0 are not there$/m);
  assert.deepEqual((await audited(sql)).map(({ verdict }) => verdict), ["repaired"]);
  assert.match((await runHistory(words, env)).said, /^0 candles compared with REST now: /m);
});

Deno.test("where REST refuses to answer, it is said nevertheless what was imported", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  const env = { ...historyEnv(database, archive), BINANCE_REST_URL: `${archive.url}/nowhere` };
  const { code, said, complained } = await runHistory(words, env);
  assert.equal(code, 1);
  assert.match(said, /^BTCUSDT 1m +candles +2,880 +2,880 /m);
  assert.match(complained, /^The exchange refuses .* with HTTP 404/m);
});

Deno.test("only candles are compared with REST", async () => {
  const { code, complained } = await runHistory("--from 2024-02-01 --streams trade --audit", {});
  assert.equal(code, 1);
  assert.match(complained, /^Cannot use --audit: only candles are compared with REST/m);
});
