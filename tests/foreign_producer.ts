import type { Step } from "./foreign.ts";
import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import { packers } from "../shared/kafka/test_batches.ts";
import { sleep } from "../shared/wait.ts";

/** Another program's producer: kafkajs as it is, in a process of its own, since ours writes and reads in its own way. */
const [brokers, topic, plan] = Deno.args;

const { CompressionTypes, CompressionCodecs } = kafkajs;
const types = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
const codecs: Record<number, unknown> = CompressionCodecs;
const own = { snappy: "snappy of Java", lz4: "lz4", zstd: "zstd" } as const;
for (const name of ["snappy", "lz4", "zstd"] as const) {
  codecs[types[name]] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) =>
      Promise.resolve(Buffer.from(packers[own[name]].pack(buffer))),
    decompress: () => Promise.reject(new Error("it only writes")),
  });
}

const client = new kafkajs.Kafka({
  brokers: brokers.split(","),
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { retries: 5, maxRetryTime: 1_000 },
});
const producers = new Map<string, kafkajs.Producer>();
const transactions = new Map<string, kafkajs.Transaction>();

/**
 * Begins a transaction of a producer. The coordinator of transactions moves while a new broker starts, and kafkajs keeps asking the
 * former one: only a new producer looks for it again.
 */
async function begin(name: string): Promise<kafkajs.Transaction> {
  for (let left = 30;; left--) {
    const transactionalId = `${topic}-${name}`;
    const producer = producers.get(name) ??
      client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
    try {
      if (!producers.has(name)) await producer.connect();
      producers.set(name, producer);
      return await producer.transaction();
    } catch (error) {
      if (left === 0) throw error;
      producers.delete(name);
      await producer.disconnect();
      await sleep(1_000);
    }
  }
}

for (const { producer, ...step } of JSON.parse(plan) as Step[]) {
  const transaction = transactions.get(producer) ?? await begin(producer);
  transactions.set(producer, transaction);
  if ("values" in step) {
    const messages = step.values.map((value) => ({ key: step.key, value }));
    await transaction.send({ topic, messages, compression: types[step.codec] });
  } else {
    await transaction[step.end]();
    transactions.delete(producer);
  }
}
for (const producer of producers.values()) await producer.disconnect();
Deno.exit(0);
