import { join } from "node:path";
import { endOrphan } from "./daemon.ts";
import { nodeSettings } from "./kafka.ts";
import { clusterId, kafkaSignals, type LocalKafka, startNode } from "./kafka_node.ts";
import { lockFolder } from "./lock.ts";
import { choosePort } from "./ports.ts";

/** A running Kafka of three brokers, ended by disposing of it. */
export interface KafkaCluster extends AsyncDisposable {
  /** For `BOOTSTRAP_SERVER`: the addresses of all brokers. */
  readonly bootstrap: string;
  /** The brokers by their ids, which are 1, 2 and 3. */
  readonly brokers: ReadonlyMap<number, LocalKafka>;
}

interface ClusterOptions {
  /** Where its data, settings and logs are kept. */
  readonly folder: string;
  /** Called with what takes long. */
  readonly progress?: (line: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

const IDS = [1, 2, 3];

/** Of each broker, in megabytes. */
const HEAP = 350;

/**
 * Starts a real Apache Kafka of three brokers on loopback only. Each is a controller, too, and any one of them may fail. Topics
 * have three replicas by default, of which two must be in sync.
 *
 * @throws as `startKafka` does
 */
export async function startKafkaCluster({ folder, ...options }: ClusterOptions): Promise<KafkaCluster> {
  await using parts = new AsyncDisposableStack();
  parts.use(await lockFolder(folder));
  const nodes = await Promise.all(IDS.map(async (id) => {
    const home = join(folder, `broker-${id}`);
    await Deno.mkdir(home, { recursive: true });
    await endOrphan(home, kafkaSignals);
    const port = await choosePort("Kafka", join(home, "port"));
    const controller = await choosePort("Kafka's controller", join(home, "controller-port"));
    return { id, home, port, controller };
  }));
  const voters = nodes.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join();
  const cluster = clusterId();
  // A node answers only once two of them have elected a controller: so they start in parallel.
  const started = await Promise.allSettled(nodes.map(async ({ id, home, port, controller }) => {
    const settings = {
      ...nodeSettings(join(home, "data"), port, controller),
      ...replicated,
      "node.id": id,
      "controller.quorum.voters": voters,
    };
    return [
      id,
      parts.use(await startNode({ folder: home, port, settings, cluster, heap: HEAP, ...options })),
    ] as const;
  }));
  const failed = started.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  const brokers = new Map(started.flatMap((result) => result.status === "fulfilled" ? [result.value] : []));
  const kept = parts.move();
  return {
    bootstrap: nodes.map(({ port }) => `127.0.0.1:${port}`).join(),
    brokers,
    async [Symbol.asyncDispose]() {
      // In parallel: the last one finds no controller to sign off from, and takes long.
      await Promise.all([...brokers.values()].map((broker) => broker[Symbol.asyncDispose]()));
      await kept.disposeAsync();
    },
  };
}

const replicated = {
  "default.replication.factor": 3,
  "min.insync.replicas": 2,
  "offsets.topic.replication.factor": 3,
  // What was committed is not compacted before that: a test may want a log that takes long to load.
  "offsets.topic.segment.bytes": 2 ** 30,
  "transaction.state.log.replication.factor": 3,
  "transaction.state.log.min.isr": 2,
  // A preferred leader leads again soon after its restart: leaders move twice with each restart.
  "leader.imbalance.check.interval.seconds": 1,
  "leader.imbalance.per.broker.percentage": 0,
  // The time after which other brokers lead a killed broker's partitions.
  "broker.session.timeout.ms": 2_000,
  "broker.heartbeat.interval.ms": 500,
};
