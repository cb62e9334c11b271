import assert from "node:assert/strict";
import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { connect } from "../shared/postgres/mod.ts";
import { startPostgres } from "./postgres.ts";
import { isRunning } from "./process.ts";
import { until } from "../tests/until.ts";
import { silent } from "../tests/silent.ts";
import { leaveBehind, temporaryFolder } from "./testing.ts";

/** The rows of one query over a connection of its own. */
async function query(url: string, text: string) {
  const sql = connect(parseDatabaseUrl(url), silent);
  try {
    return (await sql.unsafe(text)).map((row) => ({ ...row }));
  } finally {
    await sql.end();
  }
}

Deno.test("a Postgres that was killed has what was committed when it is started again", async () => {
  await using folder = await temporaryFolder();
  await using server = await startPostgres({ folder: folder.path });
  await query(server.url, "create table price (value numeric)");
  await query(server.url, "insert into price values (0.1)");

  const killed = server.pid;
  await server.kill();
  assert.equal(await isRunning(killed), false);
  await server.restart();

  assert.notEqual(server.pid, killed);
  assert.deepEqual(await query(server.url, "select value from price"), [{ value: "0.1" }]);
});

Deno.test("a Postgres whose starter is killed ends by itself", async () => {
  await using folder = await temporaryFolder();
  const pid = await leaveBehind("postgres.ts", "startPostgres", folder.path, true);
  await until("the server to end", async () => !await isRunning(pid));
});

Deno.test("a Postgres whose starter and watcher are killed is ended by the next start, and its port used again", async () => {
  await using folder = await temporaryFolder();
  const orphan = await leaveBehind("postgres.ts", "startPostgres", folder.path);
  assert.equal(await isRunning(orphan), true);
  const port = (await Deno.readTextFile(`${folder.path}/port`)).trim();

  let pid: number;
  {
    await using server = await startPostgres({ folder: folder.path });
    assert.equal(await isRunning(orphan), false);
    assert.equal(server.port, Number(port));
    await assert.rejects(startPostgres({ folder: folder.path }), /is using it: end that one first/);
    pid = server.pid;
  }
  assert.equal(await isRunning(pid), false);
});

Deno.test("it asks for the password, listens on loopback alone, is as durable as it ships, and takes settings", async () => {
  await using folder = await temporaryFolder();
  await using server = await startPostgres({ folder: folder.path, settings: { max_connections: "7" } });
  const { password } = new URL(server.url);
  await assert.rejects(
    query(server.url.replace(password, "guess"), "select"),
    /password authentication failed/,
  );

  const wanted = {
    fsync: "on",
    full_page_writes: "on",
    listen_addresses: "127.0.0.1",
    max_connections: "7",
    server_encoding: "UTF8",
    synchronous_commit: "on",
    unix_socket_directories: "",
  };
  const names = Object.keys(wanted).map((name) => `'${name}'`).join();
  const settings = await query(server.url, `select name, setting from pg_settings where name in (${names})`);
  assert.deepEqual(Object.fromEntries(settings.map(({ name, setting }) => [name, setting])), wanted);
});

Deno.test("the error of a setting that Postgres refuses has the log's last lines", async () => {
  await using folder = await temporaryFolder();
  const started = startPostgres({ folder: folder.path, settings: { max_connections: "many" } });
  await assert.rejects(started, /Cannot start Postgres as it ended at once[^]*invalid value for parameter/);
});

Deno.test("a lock file that names another program's process does not keep it from starting", async () => {
  await using folder = await temporaryFolder();
  {
    await using server = await startPostgres({ folder: folder.path });
    await server.kill();
  }
  const lockFile = `${folder.path}/data/postmaster.pid`;
  const [, ...rest] = (await Deno.readTextFile(lockFile)).split("\n");
  await Deno.writeTextFile(lockFile, [Deno.pid, ...rest].join("\n"));
  await using server = await startPostgres({ folder: folder.path });
  assert.deepEqual(await query(server.url, "select 1 as one"), [{ one: 1 }]);
});
