import assert from "node:assert/strict";
import { deadLetterTopic } from "../shared/kafka/mod.ts";
import { book } from "../shared/streams/book.ts";
import { sleep } from "../shared/wait.ts";
import { backlogOf, ticks } from "./backlog.ts";
import { openProxy } from "./proxy.ts";
import { until } from "./until.ts";

/** Longer than a group's session, which is 10 s: who sends no heartbeats is put out of the group meanwhile. */
const OUTAGE_MS = 12_000;

Deno.test("a consumer waits for a database that is away: it loses nothing and stays in its group", async () => {
  await using backlog = await backlogOf(book);
  const { hostname, port } = new URL(backlog.databaseUrl);
  await using proxy = await openProxy({ host: hostname, port: Number(port) });
  const DB_URL =
    Object.assign(new URL(backlog.databaseUrl), { port: proxy.port, search: "application_name=consumer" })
      .href;
  await backlog.send(ticks(0, 100));
  await using consumer = backlog.consume({ DB_URL });
  await backlog.rows(100);

  // Its sessions are ended, as by a fail-over.
  await backlog.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'consumer'`;
  await backlog.send(ticks(100, 100));
  await backlog.rows(200);

  // The server is gone.
  await proxy.close();
  const gone = performance.now();
  for (let first = 200; first < 20_200; first += 4_000) await backlog.send(ticks(first, 4_000));
  const waiting = await until("the consumer to wait", async () => {
    const report = await consumer.report();
    return report?.status === "waiting" && /ECONNREFUSED/.test(report.waiting!) && report;
  });
  assert.match(waiting.waiting!, new RegExp(`Cannot use the database at 127.0.0.1:${proxy.port}/`));
  await sleep(OUTAGE_MS - (performance.now() - gone));
  assert.equal((await consumer.report())!.status, "waiting");
  await proxy.open();
  await backlog.rows(20_200);

  await until("the waiting to be over", async () => (await consumer.report())!.status === "ok");
  const { counts } = (await consumer.report())!;
  assert.equal(counts.rejected, 0);
  assert.deepEqual(await backlog.read(deadLetterTopic(backlog.topic)), []);
  const said = (pattern: RegExp) => consumer.lines.filter((line) => pattern.test(line)).length;
  assert.equal(said(/: joined the group/), 1, consumer.lines.join("\n"));
  assert.ok(said(/ warn /) < 10, consumer.lines.join("\n"));
});
