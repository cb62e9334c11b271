import { dirname, join } from "node:path";
import type { Sql } from "../shared/postgres/mod.ts";
import type { Book } from "../shared/streams/book.ts";
import { eventsOf, messageOf, startTimeOf } from "./feed.ts";
import { type Kind, ticks } from "./kinds.ts";
import type { Progress } from "./benchmark.ts";
import { copyLine, createDigest, type Digest, fieldsOf } from "./rows.ts";
import { type Database, freshTopics, type Stack, type Topics } from "./stack.ts";

/** Messages that wait on a topic to be drained; those of the book also as a text file for `copy`, in the order of their arrival. */
export interface Backlog {
  readonly topics: Topics;
  readonly digest: Digest;
  /** The digest of the same rows in a table of floats. */
  readonly floatDigest: Digest;
  /** Where the server may read it. */
  readonly file: string;
}

/** Messages of one send. */
const BATCH = 2_000;

/** Fills a topic of four partitions and a file with `count` messages. */
export async function makeBacklog(
  stack: Stack,
  database: Database,
  count: number,
  progress: Progress,
  kind: Kind = ticks,
): Promise<Backlog> {
  progress(`putting ${count.toLocaleString("en")} messages of ${kind.name} on Kafka`);
  const topics = await freshTopics(stack, kind);
  const file = await serverFile(database.sql, kind);
  using lines = await Deno.open(file, { create: true, truncate: true, write: true, mode: 0o644 });
  const digest = createDigest(fieldsOf(kind), kind);
  const floatDigest = createDigest(fieldsOf(kind), kind, "float");
  await using producer = topics.kafka.producer(topics.topic);
  for (const events of batches(eventsOf(kind, count, startTimeOf(count)), BATCH)) {
    const messages = events.map((event) => messageOf(event, kind));
    messages.forEach(digest.add);
    messages.forEach(floatDigest.add);
    if (kind === ticks) await writeAll(lines, (messages as Book[]).map(copyLine).join(""));
    const outgoing = messages.map((message) => ({ key: message.symbol!, value: JSON.stringify(message) }));
    await producer.send(outgoing);
  }
  return { topics, digest, floatDigest, file };
}

/** The items in lists of `size`; the last one may be shorter. */
export function* batches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A path beside the server's data, which its account can reach; one a kind. */
async function serverFile(sql: Sql, { name }: Kind): Promise<string> {
  const [{ data_directory }] = await sql`show data_directory`;
  return join(dirname(data_directory), `${name}.txt`);
}

async function writeAll(file: Deno.FsFile, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await file.write(bytes));
}
