import { join } from "node:path";
import { localFolder, removeServer } from "../local/folders.ts";
import { type KafkaOptions, startKafka } from "../local/kafka.ts";
import type { LocalKafka } from "../local/kafka_node.ts";
import { type LocalPostgres, startPostgres } from "../local/postgres.ts";
import { migrate } from "../migrations/run.ts";
import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { readConfig } from "../shared/config/config.ts";
import { type Kafka, openKafka, topicName } from "../shared/kafka/mod.ts";
import { createLog } from "../shared/log.ts";
import { tidyUp } from "../shared/postgres/tidy_up.ts";
import { connect, createDatabase, type Sql } from "../shared/postgres/mod.ts";
import { startWorker, type TestWorker } from "../tests/worker.ts";
import type { Progress } from "./benchmark.ts";
import { type Kind, ticks } from "./kinds.ts";
import { schemaOf, usualMarket } from "../shared/exchange/markets/mod.ts";

const log = createLog("bench", "warn");

/** Servers of a benchmark's own, on empty folders, with the durability that they ship with. */
export interface Stack extends AsyncDisposable {
  readonly kafka: LocalKafka;
  readonly postgres: LocalPostgres;
  /** Starts the process that a task starts, with its permissions and this environment. */
  startWorker(task: string, env: Record<string, string>): TestWorker;
}

/**
 * Starts the servers; their data is removed when they are disposed of. Ctrl-C ends them, and the workers, too. One benchmark
 * runs at a time: what a killed one left running is ended by the next.
 */
export async function startStack(
  progress: Progress,
  properties: KafkaOptions["properties"] = {},
): Promise<Stack> {
  await using parts = new AsyncDisposableStack();
  const folder = (name: string) => join(localFolder, "bench", name);
  progress("starting a Kafka and a Postgres");
  parts.defer(() => removeServer(folder("kafka")));
  const kafka = parts.use(await startKafka({ folder: folder("kafka"), properties, progress }));
  parts.defer(() => removeServer(folder("postgres")));
  const postgres = parts.use(await startPostgres({ folder: folder("postgres"), progress }));

  const kept = parts.move();
  const workers: TestWorker[] = [];
  const quit = async () => {
    await Promise.all(workers.map((worker) => worker.kill("SIGKILL")));
    await kept.disposeAsync();
    Deno.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, quit);
    kept.defer(() => Deno.removeSignalListener(signal, quit));
  }
  return {
    kafka,
    postgres,
    startWorker(task, env) {
      const worker = startWorker(task, env);
      workers.push(worker);
      return worker;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A database of one run's own; it is dropped when it is disposed of. */
export interface Database extends AsyncDisposable {
  readonly sql: Sql;
  /** Opens a session beside `sql`; the caller ends it. */
  connect(): Sql;
  /** For `DB_URL`. */
  readonly url: string;
}

/** A name that no earlier run has used, a killed one included. */
export function newName(): string {
  return `run_${crypto.randomUUID().slice(0, 8)}`;
}

/** A new, empty database with the newest schema and the partitions of a usual retention. Nothing waits to be written to disk. */
export async function freshDatabase({ postgres }: Stack): Promise<Database> {
  const name = newName();
  const url = Object.assign(new URL(postgres.url), { pathname: name }).href;
  await createDatabase(parseDatabaseUrl(url), log);
  const open = () => connect(parseDatabaseUrl(url), log);
  const sql = open();
  await migrate(sql, schemaOf(usualMarket), log);
  await tidyUp(sql, schemaOf(usualMarket), log);
  await sql`checkpoint`;
  return {
    sql,
    connect: open,
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
  /** What is on the topic. */
  readonly kind: Kind;
  /** The topic of that kind. */
  readonly topic: string;
  /** What a worker's environment says of Kafka. */
  readonly env: Record<string, string>;
}

/** The names of new topics; that of the kind exists, the others are made by what needs them. */
export async function freshTopics(stack: Stack, kind = ticks): Promise<Topics> {
  const env = { BOOTSTRAP_SERVER: stack.kafka.bootstrap, TOPIC_PREFIX: `${newName()}.` };
  const config = readConfig(env).kafka;
  const kafka = openKafka(config, log);
  const topic = topicName(config, kind);
  await kafka.ensureTopics([topic]);
  return { kafka, kind, topic, env };
}
