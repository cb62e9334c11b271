import assert from "node:assert/strict";
import { type Coverage, coverage } from "../shared/streams/coverage.ts";
import { gap } from "../shared/streams/gap.ts";
import { backlogOf } from "./backlog.ts";
import { until } from "./until.ts";

const outgoing = (message: Coverage) => ({
  key: message.producer,
  value: coverage.message.codec.encode(message),
});

Deno.test("a producer that is killed leaves a gap that is open, and known only once the coverage topic has been read to its end", async () => {
  await using backlog = await backlogOf(coverage);
  const { sql } = backlog;
  const start = Date.now() - 60_000;
  const about = { session: "a", producer: "a", stream: "book", dropped: null, coveredFrom: start };
  const feed = { feed: "btcusdt@bookTicker", symbol: "BTCUSDT", coveredTo: start, reason: "open" };
  await backlog.send([
    outgoing({ ...about, ...feed, version: 1 }),
    outgoing({ ...about, feed: "", symbol: "", coveredTo: start + 9_000, reason: "open", version: 1 }),
  ]);
  const statesOf = async () =>
    (await sql`
      select state, ended_at, extract(epoch from started_at)::float8 * 1000 - ${start}::float8 as after, reason
      from websocket.gap_data`).map(({ state, ended_at: end, after, reason }) => [state, end, after, reason]);
  {
    await using _worker = backlog.consume();
    await until("the gap to be shown as unknown", async () => (await statesOf())[0]?.[0] === "unknown");
    await until("each partition to be read to its end", async () => {
      const [{ read, all }] = await sql`
        select count(*)::int as read, max(partitions) as all from websocket.coverage_reads
        where read_at > now() - interval '3 s'`;
      return read > 0 && read === all;
    });
    assert.equal((await statesOf())[0][0], "unknown");
    await until("the gap to be open", async () => (await statesOf())[0]?.[0] === "open", 60_000);
    assert.deepEqual(await statesOf(), [["open", null, 9_000, "no heartbeat"]]);
  }
  const [{ since }] = await sql`select min(read_at) as since from websocket.coverage_reads`;
  await until("the database's clock to go on", async () => {
    const [{ ms }] = await sql`select extract(epoch from now() - ${since}::timestamptz)::float8 * 1000 as ms`;
    return ms > 3_000;
  });
  assert.equal((await sql`select websocket.coverage_read_at() as at`)[0].at, null, "nobody reads any more");
});

Deno.test("gaps that producers of the first version told are read until none is left, one row for each feed", async () => {
  await using backlog = await backlogOf(gap);
  const told = {
    ...{ stream: "book", symbol: "BTCUSDT", startedAt: 1, endedAt: 5, reason: "restart", dropped: null },
  };
  const hole = (changes: object) => ({ key: "BTCUSDT", value: JSON.stringify({ ...told, ...changes }) });
  await backlog.send([
    hole({}),
    hole({ endedAt: 9 }),
    hole({ symbol: "ETHUSDT" }),
    hole({ stream: "kline" }),
  ]);
  await using _worker = backlog.consume();
  await until("all to be stored", async () => await backlog.behind() === 0);
  const rows = await backlog.sql`
    select feed, state, extract(epoch from ended_at)::float8 * 1000 as until from websocket.gap_data order by feed`;
  assert.deepEqual(rows.map(({ feed, state, until }) => [feed, state, until]), [
    ["btcusdt@bookTicker", "lost", 9],
    ["btcusdt@kline_1m", "unrepaired", 5],
    ["ethusdt@bookTicker", "lost", 5],
  ]);
});
