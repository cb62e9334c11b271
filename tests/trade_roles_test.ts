import assert from "node:assert/strict";
import { jobsOf } from "../consumers/postgres/jobs.ts";
import { createSink } from "../consumers/postgres/sink.ts";
import { transact } from "../shared/postgres/transaction.ts";
import { trade } from "../shared/streams/trade.ts";
import { silent } from "./silent.ts";
import { schema } from "./stack.ts";
import { tradeOf } from "./trades.ts";
import { INSUFFICIENT_PRIVILEGE, refuses, withRoles } from "./with_roles.ts";

Deno.test("bookline_writer stores trades and finds their jumps, and grafana_reader reads their bars", async () => {
  await using roles = await withRoles();
  const { writer, reader } = roles;
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const trades = [tradeOf(1, now - 60_000), tradeOf(2, now - 60_000), tradeOf(4, now - 59_000)];
  await using sink = createSink(trade, roles.as("bookline_writer"), silent);
  await sink.open();
  for (let times = 0; times < 2; times++) assert.deepEqual(await sink.write(() => trades), []);
  await writer`select websocket.refresh_rollup('trade_data', '0')`;
  await roles.database.sql`update websocket.trade_runs set noticed_at = noticed_at - interval '10 s'`;
  for (const { statement } of jobsOf(trade, schema)) await transact(writer, statement);
  const gaps = await reader`select missing::int from websocket.gap_data where cause = 'ids'`;
  assert.deepEqual([...gaps], [{ missing: 1 }]);
  const bars = await reader`
    select volume, is_complete from websocket.bars('BTCUSDT', '1 s', ${new Date(now - 60_000)}, ${new Date(
    now,
  )})`;
  assert.deepEqual([...bars], [{ volume: "5.014", is_complete: false }, {
    volume: "2.507",
    is_complete: false,
  }]);
  assert.deepEqual([...await reader`select from websocket.audit_data, websocket.audit_days`], []);
  await refuses(writer, INSUFFICIENT_PRIVILEGE, [
    "select * from websocket.bars('BTCUSDT', '1 s', now(), now())",
  ]);
});
