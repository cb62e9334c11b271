import { join } from "node:path";
import { localFolder, removeIfThere } from "../local/folders.ts";
import { type KafkaOptions, type LocalKafka, startKafka } from "../local/kafka.ts";
import { type LocalPostgres, startPostgres } from "../local/postgres.ts";
import { migrate } from "../migrations/run.ts";
import { parseDatabaseUrl } from "../shared/database_url.ts";
import { readConfig } from "../shared/config.ts";
import { type Kafka, openKafka, topicName } from "../shared/kafka/mod.ts";
import { createLog } from "../shared/log.ts";
import { connect, createDatabase, type Sql } from "../shared/postgres.ts";
import { book } from "../shared/streams/book.ts";
import type { Progress } from "./main.ts";

const log = createLog("bench", "warn");

/** Servers of a benchmark's own, on empty folders, with the durability that they ship with. */
export interface Stack extends AsyncDisposable {
  readonly kafka: LocalKafka;
  readonly postgres: LocalPostgres;
}

/** Starts the servers; their data is removed when they are disposed of. */
export async function startStack(
  progress: Progress,
  properties: KafkaOptions["properties"] = {},
): Promise<Stack> {
  await using parts = new AsyncDisposableStack();
  const folder = (name: string) => join(localFolder, "bench", `${name}-${Deno.pid}`);
  progress("starting a Kafka and a Postgres");
  parts.defer(() => removeIfThere(folder("kafka")));
  const kafka = parts.use(await startKafka({ folder: folder("kafka"), properties, progress }));
  parts.defer(() => removeServer(folder("postgres")));
  const postgres = parts.use(await startPostgres({ folder: folder("postgres"), progress }));
  const kept = parts.move();
  return { kafka, postgres, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Removes a server's folder, and what takes its place where the server's account can't enter it. */
export async function removeServer(folder: string): Promise<void> {
  const elsewhere = await Deno.realPath(join(folder, "outside")).catch(() => undefined);
  if (elsewhere) await removeIfThere(elsewhere);
  await removeIfThere(folder);
}

/** A database of one run's own; it is dropped when it is disposed of. */
export interface Database extends AsyncDisposable {
  readonly sql: Sql;
  /** For `DB_URL`. */
  readonly url: string;
}

let databases = 0;

/** A new, empty database with the newest schema and the partitions of a usual retention. Nothing waits to be written to disk. */
export async function freshDatabase({ postgres }: Stack): Promise<Database> {
  const name = `run_${++databases}`;
  const url = Object.assign(new URL(postgres.url), { pathname: name }).href;
  await createDatabase(parseDatabaseUrl(url), log);
  const sql = connect(parseDatabaseUrl(url), log, 2);
  await migrate(sql, log);
  await sql`select websocket.make_partitions(7)`;
  await sql`checkpoint`;
  return {
    sql,
    url,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 5 });
      const admin = connect(parseDatabaseUrl(postgres.url), log);
      await admin`drop database ${admin(name)} with (force)`;
      await admin.end({ timeout: 5 });
    },
  };
}

/** Topics of one run's own, or of several that read the same. */
export interface Topics {
  readonly kafka: Kafka;
  /** The book's topic. */
  readonly topic: string;
  /** What a worker's environment says of Kafka. */
  readonly env: Record<string, string>;
}

let prefixes = 0;

/** The names of new topics; the book's exists, the others are left to whoever needs them. */
export async function freshTopics(stack: Stack): Promise<Topics> {
  const env = { BOOTSTRAP_SERVER: stack.kafka.bootstrap, TOPIC_PREFIX: `run-${++prefixes}.` };
  const config = readConfig(env).kafka;
  const kafka = openKafka(config, log);
  const topic = topicName(config, book);
  await kafka.ensureTopics([topic]);
  return { kafka, topic, env };
}
