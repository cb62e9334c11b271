import { join } from "node:path";
import { run } from "./command.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { localFolder, readIfThere } from "./folders.ts";
import { fetchJars, findJava } from "./kafka_jars.ts";
import { isBroker } from "./kafka_probe.ts";

/** A running Kafka, ended by disposing of it; its data stays. */
export interface LocalKafka extends Daemon {
  /** For `BOOTSTRAP_SERVER`: `127.0.0.1:PORT`. */
  readonly bootstrap: string;
}

/** What a node of Kafka is started with. */
interface NodePlan {
  /** Where its data, settings and log are kept. The caller holds its lock. */
  readonly folder: string;
  /** Of 127.0.0.1, where clients find it. */
  readonly port: number;
  /** Its `server.properties`. */
  readonly settings: Record<string, string | number>;
  /** The id of its cluster, used if the folder is new. */
  readonly cluster: string;
  /** Most megabytes of its heap; 512 unless given. */
  readonly heap?: number;
  /** Called with what takes long. */
  readonly progress?: (line: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

/** The signals that end a node: in order, then at once. */
export const kafkaSignals: Deno.Signal[] = ["SIGTERM", "SIGKILL"];

/**
 * Starts one node, which is broker and controller, in a process of its own; it formats the folder first if that is new.
 *
 * @throws if Java or Maven is missing, or if the server does not start; the message says what to do
 */
export async function startNode(plan: NodePlan): Promise<LocalKafka> {
  const { folder, port, heap = 512, progress = () => {}, signal } = plan;
  const java = await findJava();
  const jars = join(localFolder, "kafka", "libs");
  await fetchJars(jars, progress, signal);

  const file = join(folder, "server.properties");
  const lines = Object.entries(plan.settings).map(([name, value]) => `${name}=${value}\n`);
  await Deno.writeTextFile(file, lines.join(""));
  const command = [...jvm(heap), "-cp", join(jars, "*")];
  if (!await readIfThere(join(folder, "data", "meta.properties"))) {
    // Joined with its option by "=": the id may begin with a dash.
    const format = ["format", `--cluster-id=${plan.cluster}`, "-c", file];
    await run(java, [...command, "kafka.tools.StorageTool", ...format], { signal });
  }
  const daemon = await startDaemon({
    name: "Kafka",
    folder,
    command: java,
    args: [...command, "kafka.Kafka", file],
    signals: kafkaSignals,
    isReady: () => isBroker(port),
  }, signal);
  return Object.defineProperty(daemon, "bootstrap", { value: `127.0.0.1:${port}` }) as LocalKafka;
}

/**
 * A small heap, the garbage collector that costs least at rest, and only the first compiler: that halves the work of starting, and
 * costs a broker of this size nothing over a million messages. Only warnings are logged.
 */
const jvm = (heap: number) => [
  "-Xms64m",
  `-Xmx${heap}m`,
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/** 16 random bytes in base64url, as Kafka writes the ids of its clusters. */
export function clusterId(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}
