import { join } from "node:path";
import { run } from "../local/command.ts";
import { startDaemon } from "../local/daemon.ts";
import { freePort } from "../local/ports.ts";
import { serverAccount } from "../local/postgres_account.ts";
import { temporaryFolder } from "../local/testing.ts";
import type { Config } from "../shared/config/config.ts";

/** How PgBouncer shares its servers: a client keeps one for its session, for a transaction, or for a statement. */
export type PoolMode = "session" | "transaction" | "statement";

/** A running PgBouncer. */
export interface PgBouncer extends AsyncDisposable {
  /** The database behind it. */
  readonly config: Config["database"];
  /** For `DB_URL`. */
  readonly url: string;
}

/** Where Debian's package puts it: not on the path of every account. */
const command = "/usr/sbin/pgbouncer";

/** Why tests that need PgBouncer can't run here; undefined if they can. */
export const whyNoPgBouncer = await Deno.stat(command).then(
  () => undefined,
  () => "skipped as there is no PgBouncer: apt-get install pgbouncer",
);

/** Starts a PgBouncer before a database, with `size` connections to it. */
export async function startPgBouncer(
  database: Config["database"],
  mode: PoolMode,
  size: number,
): Promise<PgBouncer> {
  await using parts = new AsyncDisposableStack();
  const { path: folder } = parts.use(await temporaryFolder());
  const account = await serverAccount();
  const port = freePort();
  const { host, port: server, user, password } = database;
  const settings = join(folder, "pgbouncer.ini");
  await Deno.writeTextFile(
    settings,
    `[databases]
* = host=${host} port=${server} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
`,
  );
  if (account) await run("chown", ["-R", `${account.uid}:${account.gid}`, folder]);
  parts.use(
    await startDaemon({
      name: "PgBouncer",
      folder,
      command,
      args: [settings],
      account,
      signals: ["SIGINT", "SIGKILL"],
      isReady: () => Deno.connect({ port }).then((connection) => (connection.close(), true), () => false),
    }),
  );
  const config = { ...database, host: "127.0.0.1", port, password: undefined };
  const kept = parts.move();
  return {
    config,
    url: `postgres://${user}@127.0.0.1:${port}/${database.name}`,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
