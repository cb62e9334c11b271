import { join } from "node:path";
import { run } from "../../local/command.ts";
import { localFolder } from "../../local/folders.ts";
import { bookEvents, bookOf, startTimeOf } from "../feed.ts";
import type { Run } from "../contender.ts";
import { startCpuMeter } from "../process.ts";
import { freshTopics, type Stack } from "../stack.ts";

/** Messages of the file from which ProducerPerformance draws: their sizes are those of all. */
const SAMPLE = 10_000;

/** A file of messages, one a line; it is removed when it is disposed of. */
export interface Payloads extends Disposable {
  readonly file: string;
}

/** Writes messages such as Bookline's producer sends. */
export async function writePayloads(count: number): Promise<Payloads> {
  const file = await Deno.makeTempFile({ prefix: "bookline-payloads-" });
  const messages = [...bookEvents(Math.min(SAMPLE, count), startTimeOf(count))].map(bookOf);
  await Deno.writeTextFile(file, messages.map((message) => JSON.stringify(message)).join("\n"));
  return { file, [Symbol.dispose]: () => Deno.removeSync(file) };
}

/**
 * Has Kafka's own ProducerPerformance send `count` messages to a new topic of four partitions with acks=all, otherwise with its
 * defaults. The time is the one that it prints, without the start of Java; the CPU time includes the start.
 */
export async function produceWithJava(
  stack: Stack,
  java: string,
  { file }: Payloads,
  count: number,
): Promise<Run> {
  const topics = await freshTopics(stack);
  const taken = await startCpuMeter({ kafka: [stack.kafka.pid] });
  const printed = await run(java, [
    ...["-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"],
    ...["-cp", join(localFolder, "kafka", "libs", "*"), "org.apache.kafka.tools.ProducerPerformance"],
    ...["--topic", topics.topic, "--num-records", String(count), "--throughput", "-1"],
    ...["--payload-file", file, "--producer-props", "acks=all", `bootstrap.servers=${stack.kafka.bootstrap}`],
  ]);
  const { kafka } = await taken();
  const [, sent, rate] = printed.match(/^(\d+) records sent, ([\d.]+) records\/sec.*99\.9th/m) ?? [];
  if (Number(sent) !== count) throw new Error(`Cannot count ProducerPerformance as it printed:\n${printed}`);
  return { seconds: count / Number(rate), cpu: { kafka } };
}
