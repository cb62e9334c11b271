import assert from "node:assert/strict";
import { INSUFFICIENT_PRIVILEGE, refuses, withRoles } from "./with_roles.ts";

const READ_ONLY = "25006";

Deno.test("grafana_reader writes nothing, whatever it sets", async () => {
  await using roles = await withRoles();
  const { reader } = roles;
  await refuses(reader, READ_ONLY, ["create temp table mine ()", "delete from websocket.kline_data"]);
  await reader`set default_transaction_read_only = off`;
  await refuses(reader, INSUFFICIENT_PRIVILEGE, [
    "create table websocket.mine ()",
    "delete from websocket.kline_data",
    "update websocket.kline_data set close = 0",
    "insert into websocket.gap_data values ('kline', 'BTCUSDT', 'epoch', 'epoch', 'none', 0)",
    "select websocket.tidy_up()",
    "update websocket.retention set keep = interval '1 day'",
  ]);
});

Deno.test("grafana_reader reads tables and views, for 30 s at most", async () => {
  await using roles = await withRoles();
  for (const relation of ["kline_data", "order_book_data", "gap_data", "order_book_1s", "kline_1h"]) {
    await roles.reader.unsafe(`select * from websocket.${relation}`);
  }
  assert.equal((await roles.reader`show statement_timeout`)[0].statement_timeout, "30s");
});

Deno.test("grafana_reader may call what the dashboard calls and nothing else", async () => {
  await using roles = await withRoles();
  const functions = await roles.database.sql`
    select proname as name from pg_proc
    where pronamespace = 'websocket'::regnamespace and has_function_privilege('grafana_reader', oid, 'execute')
    order by name`;
  assert.deepEqual(functions.map(({ name }) => name), ["bars", "candle_query", "candles"]);
  const candles = await roles.reader`select from websocket.candles('BTCUSDT', '1h', 'yesterday', 'today')`;
  assert.equal(candles.length, 0);
});

Deno.test("grafana_reader reads the tables of later migrations", async () => {
  await using roles = await withRoles();
  await roles.database.sql`create table websocket.later_data (id bigint)`;
  assert.deepEqual([...await roles.reader`select id::int from websocket.later_data`], []);
});
