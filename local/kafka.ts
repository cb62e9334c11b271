import { join } from "node:path";
import { endOrphan } from "./daemon.ts";
import { localFolder } from "./folders.ts";
import { clusterId, kafkaSignals, type LocalKafka, startNode } from "./kafka_node.ts";
import { lockFolder } from "./lock.ts";
import { choosePort } from "./ports.ts";

export interface KafkaOptions {
  /** Where its data, settings and log are kept; `.local/kafka` unless given. */
  readonly folder?: string;
  /** Where clients find it; else the port of last time, or a free one. */
  readonly port?: number;
  /** Settings of the broker that come before ours, for example `sasl.enabled.mechanisms`. */
  readonly properties?: Record<string, string>;
  /** Listeners beside the plain one, for example `SASL_SSL://127.0.0.1:20001`. */
  readonly listeners?: string[];
  /** Is called with what takes time, in words. */
  readonly progress?: (line: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a real Apache Kafka of one broker, which is its own controller, on loopback only.
 *
 * @throws if Java or Maven is missing, if the folder is in use, or if the server does not start; the message says what to do
 */
export async function startKafka(options: KafkaOptions = {}): Promise<LocalKafka> {
  const { folder = join(localFolder, "kafka"), progress = () => {}, signal } = options;
  await using parts = new AsyncDisposableStack();
  parts.use(await lockFolder(folder));
  await endOrphan(folder, kafkaSignals);
  const port = await choosePort("Kafka", join(folder, "port"), options.port);
  const controller = await choosePort("Kafka's controller", join(folder, "controller-port"));
  const settings = {
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    // There is one broker to hold the copies.
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    // On a busy machine heartbeats are seconds late, and with the default of 9 s the controller fences the only broker. The cost:
    // after a crash it believes for this long that the killed broker lives, and keeps the new one out.
    "broker.session.timeout.ms": 18_000,
    ...nodeSettings(join(folder, "data"), port, controller, options.listeners),
    ...options.properties,
  };
  const node = parts.use(
    await startNode({ folder, port, settings, cluster: clusterId(), progress, signal }),
  );
  const kept = parts.move();
  return {
    bootstrap: node.bootstrap,
    get pid() {
      return node.pid;
    },
    get ended() {
      return node.ended;
    },
    kill: node.kill,
    stop: node.stop,
    restart: node.restart,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * The settings that every node has, of one broker or of several. What is not said here is as Kafka ships it. Their meaning:
 * the Kafka documentation, "Broker Configs".
 */
export function nodeSettings(
  data: string,
  port: number,
  controller: number,
  listeners: readonly string[] = [],
): Record<string, string | number> {
  const clients = [`PLAINTEXT://127.0.0.1:${port}`, ...listeners];
  return {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listeners": [...clients, `CONTROLLER://127.0.0.1:${controller}`].join(),
    "advertised.listeners": clients.join(),
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL",
    "log.dirs": data,
    // At first there are few consumers to share the groups' own topic.
    "offsets.topic.num.partitions": 4,
    // A year: by default Kafka forgets a group after a week, which then starts at the oldest message without knowing what it missed.
    "offsets.retention.minutes": 525_600,
    // Of the 128 MiB of the default no topic here has need.
    "log.cleaner.dedupe.buffer.size": 2 ** 22,
    // Twice a second, for those who watch a quorum: a third of what the server costs at rest.
    "metadata.max.idle.interval.ms": 0,
    // Else a live feed fills the disk in the week for which Kafka keeps messages.
    "log.retention.bytes": 2 ** 30,
    "log.segment.bytes": 2 ** 27,
    // Otherwise a new group's first row waits 3 s for more consumers.
    "group.initial.rebalance.delay.ms": 0,
    // The workers make their topics; one that is misspelt should fail.
    "auto.create.topics.enable": "false",
  };
}
