import { startKafka } from "../../local/kafka.ts";
import { type KafkaCluster, startKafkaCluster } from "../../local/kafka_cluster.ts";
import type { LocalKafka } from "../../local/kafka_node.ts";
import { type LocalPostgres, startPostgres } from "../../local/postgres.ts";
import { untilGroupsAreLed } from "../groups.ts";
import { ownFolder } from "../servers.ts";

/** A Kafka and a Postgres of one's own, which one may kill. */
export interface Servers extends AsyncDisposable {
  /** Where Kafka keeps its files. */
  readonly kafkaFolder: string;
  readonly kafka: Pick<LocalKafka, "bootstrap" | "kill" | "restart">;
  /** The brokers one by one, where there are three. */
  readonly cluster?: KafkaCluster;
  readonly postgres: LocalPostgres;
  /** What uses them: ended before they are. */
  readonly tenants: Set<AsyncDisposable>;
}

/**
 * Starts both, with the durability that they ship with; their data is removed when they are disposed of.
 * @param isCluster whether Kafka has three brokers
 */
export async function startServers(signal?: AbortSignal, isCluster = false): Promise<Servers> {
  await using parts = new AsyncDisposableStack();
  const folders = {
    kafka: parts.use(await ownFolder("kafka")).path,
    postgres: parts.use(await ownFolder("postgres")).path,
  };
  const options = { progress: console.error, signal };
  const kafkaOptions = { folder: folders.kafka, ...options };
  const cluster = isCluster ? parts.use(await startKafkaCluster(kafkaOptions)) : undefined;
  const kafka = cluster ? asOne(cluster) : parts.use(await startKafka(kafkaOptions));
  if (cluster) await untilGroupsAreLed(cluster.bootstrap);
  const postgres = parts.use(await startPostgres({ folder: folders.postgres, ...options }));
  const tenants = new Set<AsyncDisposable>();
  parts.defer(async () => {
    await Promise.all([...tenants].map((tenant) => tenant[Symbol.asyncDispose]()));
  });
  const kept = parts.move();
  return {
    kafka,
    kafkaFolder: folders.kafka,
    cluster,
    postgres,
    tenants,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** All brokers of a cluster, to be killed and started again as one. */
function asOne({ bootstrap, brokers }: KafkaCluster): Servers["kafka"] {
  const all = [...brokers.values()];
  return {
    bootstrap,
    kill: async () => void await Promise.all(all.map((broker) => broker.kill())),
    restart: async () => void await Promise.all(all.map((broker) => broker.restart())),
  };
}
