import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lastLines, run } from "../../local/command.ts";
import { fillOnce, localFolder } from "../../local/folders.ts";
import { parseDatabaseUrl } from "../../shared/postgres/url.ts";
import type { Backlog } from "../backlog.ts";
import type { Run } from "../contender.ts";
import type { Progress } from "../benchmark.ts";
import { startCpuMeter } from "../process.ts";
import { digestOf, fields, requireSame } from "../rows.ts";
import { freshDatabase, type Stack } from "../stack.ts";

/** The same as in pom.xml. */
const VERSION = "3.5.1";
const script = fileURLToPath(new URL("spark_job.py", import.meta.url));
const pom = fileURLToPath(new URL("pom.xml", import.meta.url));

/** Where PySpark is installed. */
export interface Spark {
  readonly python: string;
  readonly jars: string[];
}

/** Installs PySpark with pip into a folder of its own, and with Maven what it needs for Kafka and Postgres, once. */
export async function installSpark(progress: Progress): Promise<Spark> {
  const home = join(localFolder, "pyspark");
  const python = join(home, "python", "bin", "python");
  const jars = join(home, "jars");
  await fillOnce(join(home, "python"), VERSION, async () => {
    progress("installing PySpark (once, 320 MB)");
    await run("python3", ["-m", "venv", join(home, "python")]);
    await run(python, ["-m", "pip", "install", "--quiet", `pyspark==${VERSION}`]);
  });
  await fillOnce(jars, await Deno.readTextFile(pom), async () => {
    progress("fetching Spark's Kafka source and the JDBC driver (once)");
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${jars}`, "-DincludeScope=runtime"];
    await run("mvn", ["--batch-mode", "--strict-checksums", "--file", pom, ...goal]);
  });
  const names = (await Array.fromAsync(Deno.readDir(jars))).map(({ name }) => name);
  return { python, jars: names.filter((name) => name.endsWith(".jar")).map((name) => join(jars, name)) };
}

/** What the job took from the start of its query to the last commit. */
export interface SparkDrain extends Run {
  /** From the start of its process to that of its query, in s. */
  readonly startSeconds: number;
}

/**
 * Has the PySpark job drain a backlog into an empty table as it makes them: floats, no key, no partitions.
 * @throws {Error} if the table does not hold exactly the rows that were produced, with floats for numbers
 */
export async function drainWithSpark(
  stack: Stack,
  { topics, floatDigest }: Backlog,
  { python, jars }: Spark,
): Promise<SparkDrain> {
  await using database = await freshDatabase(stack);
  const { sql } = database;
  const table = "websocket.book_of_floats";
  await sql.unsafe(`create table ${table} (
    symbol text, update_id bigint, transaction_time timestamptz, event_time timestamptz, received_at timestamptz,
    bid_price float8, bid_qty float8, ask_price float8, ask_qty float8)`);
  const { host, port, name, user, password } = parseDatabaseUrl(database.url);
  const jdbc = `jdbc:postgresql://${host}:${port}/${name}`;
  const spawnedAt = Date.now();
  const job = new Deno.Command(python, {
    args: [script, stack.kafka.bootstrap, topics.topic, jdbc, table, jars.join()],
    env: { DB_USER: user!, DB_PASSWORD: password! },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaints: string[] = [];
  const complain = follow(job.stderr, (line) => void complaints.push(line));
  const pids = { worker: [job.pid], postgres: [stack.postgres.pid], kafka: [stack.kafka.pid] };
  let meter = await startCpuMeter(pids);
  let startedAt = spawnedAt;
  let committedAt = spawnedAt;
  let cpu = await meter();
  await follow(job.stdout, async (line) => {
    const { event, at } = JSON.parse(line);
    if (event === "started") {
      startedAt = at;
      meter = await startCpuMeter(pids);
    } else {
      committedAt = at;
      cpu = await meter();
    }
  });
  const { success } = await job.status;
  await complain;
  if (!success) throw new Error(`Cannot measure PySpark as it failed:\n${lastLines(complaints)}`);
  requireSame("PySpark", await digestOf(sql, table, fields), floatDigest);
  return { startSeconds: (startedAt - spawnedAt) / 1_000, seconds: (committedAt - startedAt) / 1_000, cpu };
}

/** Hands over the lines of a process' output, one after the other. */
async function follow(output: ReadableStream<Uint8Array>, onLine: (line: string) => unknown): Promise<void> {
  for await (const line of createInterface({ input: Readable.from(output) })) await onLine(line);
}
