import assert from "node:assert/strict";
import { jobsOf } from "../consumers/postgres/jobs.ts";
import { createSink } from "../consumers/postgres/sink.ts";
import { startPostgres } from "../local/postgres.ts";
import { makeRoles } from "../migrations/roles.ts";
import { migrate } from "../migrations/run.ts";
import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { connect } from "../shared/postgres/mod.ts";
import { transact } from "../shared/postgres/transaction.ts";
import { SchemaError, serverFault } from "../shared/postgres/schema.ts";
import { book } from "../shared/streams/book.ts";
import { coverage } from "../shared/streams/coverage.ts";
import { interval } from "./coverage.ts";
import { ownFolder } from "./servers.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, schema } from "./stack.ts";
import { tick } from "./ticks.ts";
import { until } from "./until.ts";

/** Nothing is on disk for 10 s but what a commit waits for. */
const hurried = { synchronous_commit: "off", wal_writer_delay: "10s", checkpoint_timeout: "1h" };

const isSupported = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

for (const release of ["14", "16", undefined] as const) {
  Deno.test({
    name: `PostgreSQL ${
      release ?? "of the newest release"
    } migrates, stores, rolls up, keeps gaps, and loses no row that was written when it is killed`,
    ignore: release !== undefined && !isSupported,
    async fn() {
      await using folder = await ownFolder("postgres");
      await using server = await startPostgres({ folder: folder.path, settings: hurried, release });
      const config = { ...parseDatabaseUrl(server.url), schema };
      const sql = connect(config, silent);
      await migrate(sql, schema, silent);
      await makeRoles(sql, schema, { bookline_writer: "w", grafana_reader: "r" }, silent);
      await using sink = createSink(book, config, silent);
      await sink.open();
      const first = Date.now() - 5_000;
      const written = Array.from({ length: 3 }, (_, i) => tick(first + i));
      // The second time some are there already: they go by way of the staging table.
      await sink.write(() => written.slice(0, 2));
      await sink.write(() => written);
      await server.kill();
      await server.restart();

      const after = connect(config, silent);
      const [{ count }] = await after`select count(*)::int from websocket.order_book_data`;
      assert.equal(count, written.length);
      // A second is rolled up once it has had no new rows for half a second.
      await until("the ticks to be rolled up", async () => {
        for (const { statement } of jobsOf(book, schema)) await transact(after, statement);
        const [{ rolled }] = await after`select sum(ticks)::int as rolled from websocket.order_book_1s`;
        return rolled === written.length;
      });
      await using intervals = createSink(coverage, config, silent);
      await intervals.open();
      const covered = [
        interval(["a", "BTCUSDT", 0, 10, "stopped"]),
        interval(["a", "BTCUSDT", 30, 40, "stopped"]),
      ];
      assert.deepEqual(await intervals.write(() => covered), []);
      for (const { statement } of jobsOf(coverage, schema)) await transact(after, statement);
      assert.equal((await after`select from websocket.gap_data where started_at < ended_at`).length, 1);
      await Promise.all([sql.end({ timeout: 1 }), after.end()]);
    },
  });
}

Deno.test("a database of another encoding is refused, with the command that makes one", async () => {
  await using database = await emptyDatabase();
  const name = `${database.config.name}_latin1`;
  await database.sql.unsafe(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
  const sql = connect({ ...database.config, name }, silent);
  await assert.rejects(migrate(sql, schema, silent), (error: Error) =>
    error instanceof SchemaError &&
    /its encoding must be UTF8: it is LATIN1.*create database bookline encoding 'UTF8'/.test(error.message));
  await sql.end();
  await database.sql.unsafe(`drop database ${name}`);
});

Deno.test("a server before version 14 is refused by its version", () => {
  const server = { version: "13.23", number: 130_023, encoding: "UTF8", name: "bookline" };
  assert.match(serverFault(server)!, /PostgreSQL must be 14 or later: it is 13.23. Upgrade it/);
  assert.equal(serverFault({ ...server, version: "14.0", number: 140_000 }), undefined);
});
