import { join } from "node:path";
import { type Account, run } from "./command.ts";
import { type Daemon, endOrphan, startDaemon } from "./daemon.ts";
import { localFolder, readIfThere, removeIfThere } from "./folders.ts";
import { lockFolder } from "./lock.ts";
import { choosePort } from "./ports.ts";
import { commandLineOf } from "./process.ts";
import { reachableFolder, serverAccount } from "./postgres_account.ts";
import { fetchPostgres, type OlderRelease } from "./postgres_files.ts";

export interface PostgresOptions {
  /** Where its data, password and log are kept; `.local/postgres` unless given. */
  readonly folder?: string;
  /** Where clients find it; else the port of last time, or a free one. */
  readonly port?: number;
  /** An older server than the one that is pinned. */
  readonly release?: OlderRelease;
  /** Settings beside those that Postgres ships with, for example `ssl`. */
  readonly settings?: Record<string, string>;
  /** Is called with what takes time, in words. */
  readonly progress?: (line: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

/** A running Postgres, ended by disposing of it; its data stays. */
export interface LocalPostgres extends Daemon {
  /** For `DB_URL` and `psql`, password included; its user may do anything. */
  readonly url: string;
  readonly port: number;
}

const user = "bookline";
const database = "bookline";

/** Its fast shutdown, its immediate one (Postgres' documentation, "Shutting Down the Server"), and the end. */
const signals: Deno.Signal[] = ["SIGINT", "SIGQUIT", "SIGKILL"];

/**
 * Starts a real Postgres on loopback only, with the durability that it ships with.
 *
 * @throws if the folder is in use or the server does not start; the message says what to do
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<LocalPostgres> {
  const { progress = () => {}, settings = {}, signal } = options;
  const account = await serverAccount();
  const home = await reachableFolder(join(localFolder, "postgres"), account, progress);
  const folder = options.folder ? await reachableFolder(options.folder, account, progress) : home;
  await using parts = new AsyncDisposableStack();
  parts.use(await lockFolder(folder));
  await endOrphan(folder, signals);
  const server = join(home, options.release ? `server-${options.release}` : "server");
  await fetchPostgres(server, options.release, progress, signal);
  const bin = join(server, "bin");

  const data = join(folder, "data");
  const password = await createCluster(bin, folder, data, account);
  await removeStaleLock(data);
  const port = await choosePort("Postgres", join(folder, "port"), options.port);
  const given = { listen_addresses: "127.0.0.1", port, unix_socket_directories: "", ...settings };
  const daemon = parts.use(
    await startDaemon({
      name: "Postgres",
      folder,
      command: join(bin, "postgres"),
      args: ["-D", data, ...Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      account,
      signals,
      isReady: (pid) => isReady(data, pid),
      // The sessions of a server that was killed hold its memory until they notice.
      passingFault: /pre-existing shared memory block/,
    }, signal),
  );
  const kept = parts.move();
  return {
    url: `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
    port,
    get pid() {
      return daemon.pid;
    },
    get ended() {
      return daemon.ended;
    },
    kill: daemon.kill,
    stop: daemon.stop,
    restart: daemon.restart,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * Makes the cluster, its user and its database unless they are there, and returns the user's password. Its folder gets
 * its name last: one that was cut off is made again.
 */
async function createCluster(bin: string, folder: string, data: string, account?: Account): Promise<string> {
  const passwordFile = join(folder, "password");
  const known = await readIfThere(passwordFile);
  if (known && await readIfThere(join(data, "PG_VERSION"))) return known;

  const unfinished = `${data}.new`;
  await removeIfThere(unfinished);
  await Deno.mkdir(unfinished, { mode: 0o700 });
  if (account) await Deno.chown(unfinished, account.uid, account.gid);
  const as = { ...account, cwd: folder };
  const choices = ["--username", user, "--encoding", "UTF8", "--locale", "C", "--auth", "trust"];
  await run(join(bin, "initdb"), ["-D", unfinished, ...choices], as);

  const password = crypto.getRandomValues(new Uint8Array(16)).toHex();
  // Without a server, and so before anyone could connect without a password.
  await run(join(bin, "postgres"), ["--single", "-D", unfinished, "postgres"], {
    ...as,
    input: `ALTER USER ${user} PASSWORD '${password}'\nCREATE DATABASE ${database}\n`,
  });
  await Deno.writeTextFile(join(unfinished, "pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n");
  await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
  await Deno.rename(unfinished, data);
  return password;
}

/**
 * Removes the server's own lock file if the process that it names, after a crash, is by now another program's: Postgres
 * would not start until that ends. Where there is no such process it sees for itself.
 */
async function removeStaleLock(data: string): Promise<void> {
  const lock = join(data, "postmaster.pid");
  const holder = await commandLineOf(parseInt(await readIfThere(lock) ?? ""));
  if (holder && !holder.includes(data)) await removeIfThere(lock);
}

/** The eighth line of the server's own lock file is what `pg_ctl --wait` goes by too (Postgres: miscadmin.h). */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = (await readIfThere(join(data, "postmaster.pid")))?.split("\n") ?? [];
  return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}
