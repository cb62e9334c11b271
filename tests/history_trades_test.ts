import assert from "node:assert/strict";
import {
  historyEnv,
  runHistory,
  spawnHistory,
  startArchive,
  storedCandles,
  storedTrades,
  trueTrades,
} from "./archive.ts";
import { readTasks, root, taskArguments } from "../local/up/tasks.ts";
import { type TestDatabase, testDatabase } from "./stack.ts";
import { until } from "./until.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);
const symbols = ["BTCUSDT", "ETHUSDT"];
const words = `--from 2024-01-30 --to 2024-02-02 --symbols ${symbols} --streams trade`;
const [since, end] = [at("2024-01-30"), at("2024-02-03")];

const keepAll = ({ sql }: TestDatabase) =>
  sql`update websocket.retention set keep = null where table_name like 'trade%'`;

Deno.test("trades that the retention would drop at once are refused, and the command that is named keeps them", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(symbols);
  const { code, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 1);
  assert.match(
    complained,
    /^Cannot import from 2024-01-30 as older days would be dropped at once: trade_data keeps 30 days, so from /m,
  );
  const [command] = /deno task retention .*/.exec(complained)!;
  assert.equal(command, "deno task retention trade_data all trade_1s all trade_1m all --yes");
  assert.deepEqual(archive.fetched, []);

  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(await readTasks(), "retention"), ...command.split(" ").slice(3)],
    cwd: root,
    env: historyEnv(database, archive),
    stdout: "null",
    stderr: "inherit",
  }).output();
  assert.ok(success);
  assert.equal((await runHistory(words, historyEnv(database, archive))).code, 0);
});

Deno.test("days of trades equal the archive's, each in its partition, their bars equal the archive's candles, and what is deleted comes back", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(symbols);
  await keepAll(database);
  const { sql } = database;
  const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  assert.match(said, /^BTCUSDT trade +days +4 +4 +0 +0$/m);
  for (const symbol of symbols) {
    assert.deepEqual(await storedTrades(sql, symbol), trueTrades(symbol, since, end));
  }
  const strays = await sql`
    select from websocket.trade_data_default union all select from websocket.trade_1s_default
    union all select from websocket.trade_1m_default`;
  assert.equal(strays.length, 0);
  const places =
    await sql`select distinct tableoid::regclass::text as place from websocket.trade_data order by place`;
  assert.deepEqual(places.map(({ place }) => place.slice(-8)), [
    "20240130",
    "20240131",
    "20240201",
    "20240202",
  ]);

  const candles = `--from 2024-01-30 --to 2024-02-02 --symbols ${symbols} --intervals 1m`;
  assert.equal((await runHistory(candles, historyEnv(database, archive))).code, 0);
  assert.equal((await storedCandles(sql, "BTCUSDT", "1m")).length, 4 * 1_440);
  const columns =
    sql`open, high, low, close, volume, quote_volume, taker_buy_base_volume, taker_buy_quote_volume, num_trades`;
  const different = await sql`
    select symbol, minute from (
      select symbol, minute, ${columns} from websocket.trade_1m
      except select symbol, open_time, ${columns} from websocket.kline_data
    ) as only_bars union all
    select symbol, open_time from (
      select symbol, open_time, ${columns} from websocket.kline_data where num_trades > 0
      except select symbol, minute, ${columns} from websocket.trade_1m
    ) as only_candles`;
  assert.deepEqual([...different], []);

  // The trades of three hours, while others of that time are stored that the file lacks; and one of a file of which, as of those that an
  // earlier version imported, only the number of rows is known.
  await sql`
    insert into websocket.trade_data (symbol, agg_trade_id, trade_time, event_time, received_at, first_trade_id, last_trade_id,
      is_buyer_maker, price, qty)
    select symbol, agg_trade_id + 1e9, trade_time, event_time, received_at, first_trade_id + 1e9, last_trade_id + 1e9, is_buyer_maker,
      price, qty
    from websocket.trade_data where symbol = 'BTCUSDT' and trade_time >= '2024-02-01' and trade_time < '2024-02-02'`;
  await sql`
    delete from websocket.trade_data where symbol = 'BTCUSDT' and agg_trade_id < 1e9
      and trade_time >= '2024-02-01 05:00Z' and trade_time < '2024-02-01 08:00Z'`;
  await sql`update websocket.archive_files set held = null where path like '%aggTrades/ETHUSDT%'`;
  await sql`
    delete from websocket.trade_data where symbol = 'ETHUSDT' and agg_trade_id = (
      select max(agg_trade_id) from websocket.trade_data where symbol = 'ETHUSDT' and trade_time < '2024-02-01Z')`;
  archive.fetched.length = 0;
  const repeated = await runHistory(words, historyEnv(database, archive));
  assert.equal(repeated.code, 0, repeated.complained);
  assert.deepEqual(archive.fetched.toSorted(), [
    "BTCUSDT-aggTrades-2024-02-01.zip",
    "ETHUSDT-aggTrades-2024-01-31.zip",
  ]);
  await sql`delete from websocket.trade_data where agg_trade_id >= 1e9`;
  for (const symbol of symbols) {
    assert.deepEqual(await storedTrades(sql, symbol), trueTrades(symbol, since, end));
  }
  assert.equal((await sql`select from websocket.archive_files where held is null`).length, 0);

  const rows = () =>
    sql`select md5(string_agg(xmin || ' ' || ctid, ',' order by symbol, agg_trade_id)) from websocket.trade_data`;
  const before = [...await rows()];
  archive.fetched.length = 0;
  const again = await runHistory(words, historyEnv(database, archive));
  assert.deepEqual([...await rows()], before);
  assert.match(again.said, /^0 files imported, 8 were imported before, 0 refused/m);
  assert.deepEqual(archive.fetched, []);
});

Deno.test("trades that are there already stay as they are, and those of a day that was dropped come again", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  await keepAll(database);
  const { sql } = database;
  const oneDay = "--from 2024-02-01 --to 2024-02-01 --symbols BTCUSDT --streams trade";
  const [first] = trueTrades("BTCUSDT", at("2024-02-01"), at("2024-02-02"));
  const [id, price, qty, firstId, lastId, time, isMaker] = first.split(",");
  await sql`insert into websocket.trade_data (symbol, agg_trade_id, trade_time, event_time, received_at, first_trade_id,
      last_trade_id, is_buyer_maker, price, qty, normal_qty)
    values ('BTCUSDT', ${id}, to_timestamp(${time}::float8 / 1000), now(), now(), ${firstId}, ${lastId}, ${
    isMaker === "true"
  }, ${price}, ${qty}, 0.5)`;
  assert.equal((await runHistory(oneDay, historyEnv(database, archive))).code, 0);
  assert.deepEqual(
    await storedTrades(sql, "BTCUSDT"),
    trueTrades("BTCUSDT", at("2024-02-01"), at("2024-02-02")),
  );
  assert.equal((await sql`select from websocket.trade_data where normal_qty is not null`).length, 1);

  await sql`delete from websocket.trade_data`;
  await sql`insert into websocket.dropped_days (source, day) values ('trade_data', '2024-02-01')`;
  const again = await runHistory(oneDay, historyEnv(database, archive));
  assert.match(again.said, /^1 files imported, 0 were imported before/m);
  assert.equal((await storedTrades(sql, "BTCUSDT")).length, 2_880);
  assert.equal((await sql`select from websocket.dropped_days`).length, 0);
});

Deno.test("an import of trades that is killed goes on where it ended, with all bars", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(symbols);
  await keepAll(database);
  const { sql } = database;
  for (let times = 0; times < 4; times++) {
    const run = await spawnHistory(words, historyEnv(database, archive));
    // Twice while files are read, twice while bars are computed.
    const isThere = times < 2
      ? () => archive.fetched.length > times
      : async () => (await sql`select from websocket.archive_files`).length === 8;
    await Promise.race([run.ended, until("the command to work", isThere)]);
    run.kill("SIGKILL");
    await run.ended;
  }
  const { code, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  for (const symbol of symbols) {
    assert.deepEqual(await storedTrades(sql, symbol), trueTrades(symbol, since, end));
  }
  const [{ bars, trades }] = await sql`
    select (select sum(num_trades)::int from websocket.trade_1s) as bars,
      (select sum(last_trade_id - first_trade_id + 1)::int from websocket.trade_data) as trades`;
  assert.equal(bars, trades);
  assert.equal((await sql`select from websocket.archive_files where not summarised`).length, 0);
});
