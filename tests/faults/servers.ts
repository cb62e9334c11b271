import { startKafka } from "../../local/kafka.ts";
import type { LocalKafka } from "../../local/kafka_node.ts";
import { type LocalPostgres, startPostgres } from "../../local/postgres.ts";
import { ownFolder } from "../servers.ts";

/** A Kafka and a Postgres of one's own, which one may kill. */
export interface Servers extends AsyncDisposable {
  readonly kafka: LocalKafka;
  readonly kafkaFolder: string;
  readonly postgres: LocalPostgres;
  /** What uses them: ended before they are. */
  readonly tenants: Set<AsyncDisposable>;
}

/** Starts both, with the durability that they ship with; their data is removed once they are disposed of. */
export async function startServers(signal?: AbortSignal): Promise<Servers> {
  await using parts = new AsyncDisposableStack();
  const folders = {
    kafka: parts.use(await ownFolder("kafka")).path,
    postgres: parts.use(await ownFolder("postgres")).path,
  };
  const options = { progress: console.error, signal };
  const kafka = parts.use(await startKafka({ folder: folders.kafka, ...options }));
  const postgres = parts.use(await startPostgres({ folder: folders.postgres, ...options }));
  const tenants = new Set<AsyncDisposable>();
  parts.defer(async () => {
    await Promise.all([...tenants].map((tenant) => tenant[Symbol.asyncDispose]()));
  });
  const kept = parts.move();
  return {
    kafka,
    kafkaFolder: folders.kafka,
    postgres,
    tenants,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
