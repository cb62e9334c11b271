import { join } from "node:path";
import { localFolder, removeServer } from "../local/folders.ts";
import { startPostgres } from "../local/postgres.ts";
import { migrate } from "../migrations/run.ts";
import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { createLog } from "../shared/log.ts";
import { connect, createDatabase, type Sql } from "../shared/postgres/mod.ts";
import { tidyUp } from "../shared/postgres/tidy_up.ts";
import type { Progress } from "./benchmark.ts";
import { newName } from "./stack.ts";
import { schemaOf, usualMarket } from "../shared/exchange/markets/mod.ts";

/** A database of a benchmark's own, on a server of its own that has the settings Postgres ships with. */
export interface BenchDatabase extends AsyncDisposable {
  /** For `DB_URL`. */
  url(): string;
  /** Opens a connection. */
  connect(): Sql;
  /** Restarts the server, so that its cache is empty. */
  restart(): Promise<void>;
}

/** Starts a server and makes a new database, the schema and its partitions; all is removed when it is disposed of. */
export async function startDatabase(progress: Progress): Promise<BenchDatabase> {
  await using parts = new AsyncDisposableStack();
  const folder = join(localFolder, "bench", "postgres");
  parts.defer(() => removeServer(folder));
  let server = await startPostgres({ folder, progress });
  parts.defer(() => server[Symbol.asyncDispose]());

  const log = createLog("bench", "warn");
  const name = newName();
  const config = () => ({ ...parseDatabaseUrl(server.url), name });
  await createDatabase(config(), log);
  const open = () => connect(config(), log);
  const sql = open();
  await migrate(sql, schemaOf(usualMarket), log);
  await tidyUp(sql, schemaOf(usualMarket), log);
  await sql.end();
  const kept = parts.move();
  return {
    url: () => Object.assign(new URL(server.url), { pathname: name }).href,
    connect: open,
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await startPostgres({ folder, progress });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
