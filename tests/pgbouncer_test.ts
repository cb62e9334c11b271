import assert from "node:assert/strict";
import { createSink } from "../consumers/postgres/sink.ts";
import { makeRoles } from "../migrations/roles.ts";
import { migrate } from "../migrations/run.ts";
import { connect } from "../shared/postgres/mod.ts";
import { book } from "../shared/streams/book.ts";
import { coverage } from "../shared/streams/coverage.ts";
import { type Backlog, backlogOf, ticks } from "./backlog.ts";
import { interval } from "./coverage.ts";
import { type PoolMode, startPgBouncer, whyNoPgBouncer } from "./pgbouncer.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, schema } from "./stack.ts";
import { tick } from "./ticks.ts";
import { until } from "./until.ts";

/** A test that needs PgBouncer; its name says why it is left out. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: whyNoPgBouncer ? `${name} (${whyNoPgBouncer})` : name, ignore: !!whyNoPgBouncer, fn });
}

for (const mode of ["transaction", "statement"] as PoolMode[]) {
  test(`through PgBouncer in ${mode} mode several migrate, make roles and write at once, with one server between them`, async () => {
    await using database = await emptyDatabase();
    await using pooler = await startPgBouncer(database.config, mode, 1);
    const sql = connect(pooler.config, silent, 4);
    await Promise.all([
      migrate(sql, schema, silent),
      migrate(sql, schema, silent),
      migrate(sql, schema, silent),
    ]);
    const passwords = { bookline_writer: crypto.randomUUID(), grafana_reader: crypto.randomUUID() };
    await Promise.all([makeRoles(sql, schema, passwords, silent), makeRoles(sql, schema, passwords, silent)]);
    await sql.end();

    await using one = createSink(book, pooler.config, silent);
    await using two = createSink(book, pooler.config, silent);
    await Promise.all([one.open(), two.open()]);
    const rows = Array.from({ length: 200 }, (_, i) => tick(1_790_000_000_000 + i));
    for (let times = 0; times < 3; times++) {
      const refused = await Promise.all([one, two].map((sink) => sink.write(() => rows)));
      assert.deepEqual(refused, [[], []]);
    }
    const [{ count }] = await database.sql`select count(*)::int from websocket.order_book_data`;
    assert.equal(count, rows.length);
    const locks = await database.sql`select * from pg_locks where locktype = 'advisory'`;
    assert.deepEqual([...locks], []);
  });
}

/** A pooler in transaction mode that has two connections to the database of a backlog. */
function poolerFor({ databaseUrl }: Backlog) {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const database = { host: hostname, port: Number(port), user: username, password, name: pathname.slice(1) };
  return startPgBouncer(
    { ...database, schema, sslmode: "disable", connectTimeout: 10 },
    "transaction",
    2,
  );
}

test("through PgBouncer in transaction mode a consumer stores and rolls up, with fewer servers than connections", async () => {
  await using backlog = await backlogOf(book);
  await using pooler = await poolerFor(backlog);
  await backlog.send(ticks(0, 1_000));
  await using consumer = backlog.consume({ DB_URL: pooler.url });
  await backlog.rows(1_000);
  await until("the rollup", async () => {
    const [{ rolled }] = await backlog.sql`select sum(ticks)::int as rolled from websocket.order_book_1s`;
    return rolled === 1_000;
  });
  // On a busy machine a job may have waited for a connection for long.
  await until("the consumer to be well", async () => (await consumer.report())?.status === "ok");
});

test("a pool that has no server left is told of, with the number of connections that the worker needs", async () => {
  await using backlog = await backlogOf(book);
  const { hostname, port, username, password, pathname } = new URL(backlog.databaseUrl);
  const database = { host: hostname, port: Number(port), user: username, password, name: pathname.slice(1) };
  await using pooler = await startPgBouncer(
    { ...database, schema, sslmode: "disable", connectTimeout: 10 },
    "session",
    1,
  );
  const holder = connect(pooler.config, silent, 1);
  await holder`select`;
  await using consumer = backlog.consume({ DB_URL: pooler.url });
  const words = await until("the consumer to say why it waits", async () => {
    const waiting = (await consumer.report())?.waiting;
    return waiting?.includes("does not answer") && waiting;
  });
  assert.match(
    words,
    /does not answer. This worker uses up to \d connections: a pooler such as PgBouncer may have none/,
  );
  await holder.end();
});

test("through PgBouncer in transaction mode the coverage consumer keeps the gap ledger and notes what it has read", async () => {
  await using backlog = await backlogOf(coverage);
  await using pooler = await poolerFor(backlog);
  const covered = [
    interval(["a", "BTCUSDT", 0, 10, "stopped"]),
    interval(["a", "BTCUSDT", 30, 40, "stopped"]),
  ];
  await backlog.send(covered.map((one) => ({ key: "a", value: coverage.message.codec.encode(one) })));
  await using consumer = backlog.consume({ DB_URL: pooler.url });
  await until("the gap between the two intervals", async () => {
    return (await backlog.sql`select from websocket.gap_data where started_at < ended_at`).length === 1;
  });
  await until("all partitions to be noted", async () => {
    const [{ read, all }] = await backlog.sql`
      select count(*)::int as read, max(partitions) as all from websocket.coverage_reads`;
    return read > 0 && read === all;
  });
  // On a busy machine a job may have waited for a connection for long.
  await until("the consumer to be well", async () => (await consumer.report())?.status === "ok");
});
