import { join } from "node:path";
import { run } from "./command.ts";
import { type Daemon, endOrphan, startDaemon } from "./daemon.ts";
import { localFolder, readIfThere } from "./folders.ts";
import { fetchJars, findJava } from "./kafka_jars.ts";
import { isBroker } from "./kafka_probe.ts";
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
  /** Told what takes its time. */
  readonly progress?: (line: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

/** A running Kafka, ended by disposing of it; its data stays. */
export interface LocalKafka extends Daemon {
  /** For `BOOTSTRAP_SERVER`: `127.0.0.1:PORT`. */
  readonly bootstrap: string;
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
  await endOrphan(folder, signals);
  const java = await findJava();
  const jars = join(localFolder, "kafka", "libs");
  await fetchJars(jars, progress, signal);

  const port = await choosePort("Kafka", join(folder, "port"), options.port);
  const controller = await choosePort("Kafka's controller", join(folder, "controller-port"));
  const settings = join(folder, "server.properties");
  await Deno.writeTextFile(settings, serverProperties(join(folder, "data"), port, controller, options));
  const command = [...jvm, "-cp", join(jars, "*")];
  if (!await readIfThere(join(folder, "data", "meta.properties"))) {
    // As one word with its option: it may begin with a dash.
    const format = ["format", `--cluster-id=${clusterId()}`, "-c", settings];
    await run(java, [...command, "kafka.tools.StorageTool", ...format], { signal });
  }
  const daemon = parts.use(
    await startDaemon({
      name: "Kafka",
      folder,
      command: java,
      args: [...command, "kafka.Kafka", settings],
      signals,
      isReady: () => isBroker(port),
    }, signal),
  );
  const kept = parts.move();
  return {
    bootstrap: `127.0.0.1:${port}`,
    get pid() {
      return daemon.pid;
    },
    kill: daemon.kill,
    restart: daemon.restart,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** How it is ended: in good order, else at once. */
const signals: Deno.Signal[] = ["SIGTERM", "SIGKILL"];

/**
 * A small heap, the collector that costs least at rest, and the first compiler alone: that halves the work of starting,
 * and a million messages cost a broker of this size the same with it. Only warnings are logged.
 */
const jvm = [
  "-Xms64m",
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/**
 * The broker's settings. What is not said here is as Kafka ships it. Their meaning: the Kafka documentation, "Broker
 * Configs".
 */
function serverProperties(
  data: string,
  port: number,
  controller: number,
  { listeners = [], properties = {} }: KafkaOptions,
): string {
  const clients = [`PLAINTEXT://127.0.0.1:${port}`, ...listeners];
  const settings: Record<string, string | number> = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    "listeners": [...clients, `CONTROLLER://127.0.0.1:${controller}`].join(),
    "advertised.listeners": clients.join(),
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL",
    "log.dirs": data,
    // There is one broker to hold the copies, and at first few consumers to share the groups' own topic.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    // A year: a group that is away for longer than the week of the default would begin anew, and not know what it missed.
    "offsets.retention.minutes": 525_600,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    // Of the 128 MiB of the default no topic here has need.
    "log.cleaner.dedupe.buffer.size": 2 ** 22,
    // Twice a second, for those who watch a quorum: a third of what the server costs at rest.
    "metadata.max.idle.interval.ms": 0,
    // Else a live feed fills the disk in the week for which Kafka keeps messages.
    "log.retention.bytes": 2 ** 30,
    "log.segment.bytes": 2 ** 27,
    // After a crash the controller takes the killed broker for alive, and keeps the new one out, for this long.
    "broker.session.timeout.ms": 2_000,
    "broker.heartbeat.interval.ms": 500,
    // Otherwise a new group's first row waits 3 s for more consumers.
    "group.initial.rebalance.delay.ms": 0,
    // The workers make their topics; one that is misspelt should fail.
    "auto.create.topics.enable": "false",
    ...properties,
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join("");
}

/** 16 random bytes in base64url, as Kafka writes the ids of its clusters. */
function clusterId(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}
