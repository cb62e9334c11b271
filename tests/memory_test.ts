import assert from "node:assert/strict";
import { memoryOf } from "../bench/process.ts";
import { readConfig } from "../shared/config/config.ts";
import { createClient } from "../shared/kafka/client.ts";
import { createCluster } from "../shared/kafka/patches/own_cluster.ts";
import { createProducer } from "../shared/kafka/producer.ts";
import { codecs } from "../shared/kafka/record_batch.ts";
import { retryForever } from "../shared/retry.ts";
import { book } from "../shared/streams/book.ts";
import { backlogOf, ticks } from "./backlog.ts";
import { silent } from "./silent.ts";
import { until } from "./until.ts";

/** What a consumer may take at its highest, in MB. */
const MOST_MEMORY = 250;

/** Fills a topic of 12 partitions with zstd batches, drains it, and returns the consumer's highest memory in MB. */
async function drain(lists: Iterable<ReturnType<typeof ticks>>): Promise<number> {
  await using backlog = await backlogOf(book);
  const client = createClient(readConfig(backlog.env).kafka, silent);
  const admin = client.admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic: backlog.topic, count: 12 }] });
  await admin.disconnect();
  await using producer = createProducer(createCluster(client), backlog.topic, codecs.zstd);
  const retry = { log: silent, kind: "kafka" as const, signal: AbortSignal.timeout(60_000) };
  let count = 0;
  for (const messages of lists) {
    // Nobody leads the new partitions for a moment.
    await retryForever(() => producer.send(messages), retry);
    count += messages.length;
  }
  await using consumer = backlog.consume();
  const stored = async () => (await consumer.report())?.counts.stored ?? 0;
  await until("all to be committed", async () => await stored() >= count);
  return (await memoryOf(consumer.pid)).highest;
}

/** Ticks of so many symbols that every partition has some. */
function* lists(count: number, size: number, value = (text: string) => text) {
  for (let first = 0; first < count; first += size) {
    yield ticks(first, size).map((message, i) => {
      const symbol = `S${(first + i) % 48}USDT`;
      return { key: symbol, value: value(String(message.value).replace(/[A-Z]+USDT/, symbol)) };
    });
  }
}

Deno.test("draining a compressed topic of 12 partitions takes little memory", async () => {
  const highest = await drain(lists(240_000, 20_000));
  assert.ok(highest < MOST_MEMORY, `${highest} MB`);
});

Deno.test("of 1,000 messages of 500 kB that compress to almost nothing only a few are in memory at a time", async () => {
  const highest = await drain(lists(1_000, 100, (text) => text.padEnd(500_000)));
  assert.ok(highest < MOST_MEMORY, `${highest} MB`);
});
