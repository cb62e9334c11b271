import { type LocalKafka, startKafka } from "../../local/kafka.ts";
import { type LocalPostgres, startPostgres } from "../../local/postgres.ts";
import { ownFolder } from "../servers.ts";

/** A Kafka and a Postgres of a test's own, which it may kill. */
export interface Servers extends AsyncDisposable {
  readonly kafka: LocalKafka;
  readonly postgres: LocalPostgres;
}

/** Starts both, with the durability that they ship with; their data is removed once they are disposed of. */
export async function startServers(
  options: { progress?: (line: string) => void; signal?: AbortSignal } = {},
): Promise<Servers> {
  await using parts = new AsyncDisposableStack();
  const folders = {
    kafka: parts.use(await ownFolder("kafka")).path,
    postgres: parts.use(await ownFolder("postgres")).path,
  };
  const kafka = parts.use(await startKafka({ folder: folders.kafka, ...options }));
  const postgres = parts.use(await startPostgres({ folder: folders.postgres, ...options }));
  const kept = parts.move();
  return { kafka, postgres, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
