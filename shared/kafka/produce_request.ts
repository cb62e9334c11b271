import { Buffer } from "node:buffer";
import Encoder from "kafkajs/src/protocol/encoder.js";
import protocols from "kafkajs/src/protocol/requests/index.js";
import type { Outgoing } from "./producer.ts";
import { type Codec, encodeRecordBatch } from "./record_batch.ts";

/** What kafkajs is given as a message: all those of one key, for it to choose their partition at once. */
export interface Bundle {
  readonly key: Buffer | string | null;
  /** Left empty. */
  readonly value: Buffer;
  readonly messages: readonly Outgoing[];
}

/** What kafkajs makes a produce request of. */
interface ProduceData {
  readonly acks: number;
  readonly timeout: number;
  readonly compression: Codec;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly Bundle[] }[];
  }[];
}

/** Bundles messages by their key, in the order of their first. */
export function bundle(messages: readonly Outgoing[]): Bundle[] {
  const byKey = new Map<Outgoing["key"], Outgoing[]>();
  for (const message of messages) {
    const bundled = byKey.get(message.key);
    if (bundled) bundled.push(message);
    else byKey.set(message.key, [message]);
  }
  return [...byKey].map(([key, messages]) => ({
    key: key instanceof Uint8Array ? Buffer.from(key) : key,
    value: Buffer.alloc(0),
    messages,
  }));
}

// From here on kafkajs writes produce requests of bundles. It keeps what it does best: connections, metadata, retries.
const { Produce } = protocols.requests;
const { protocol } = Produce;
Produce.protocol = ({ version }: { version: number }) => (data: ProduceData) => {
  const { request, response } = protocol({ version })(data);
  return { request: { ...request, encode: () => Promise.resolve(encode(data)) }, response };
};

/** Kafka's protocol: "Produce API", versions 3 to 8. One buffer of the right size, since growing it costs more than filling it. */
function encode({ acks, timeout, compression, topicData }: ProduceData): unknown {
  const now = Date.now();
  const topics = topicData.map(({ topic, partitions }) => ({
    topic,
    batches: partitions.map(({ partition, messages }) => ({
      partition,
      bytes: encodeRecordBatch(messages.flatMap((one) => one.messages), now, compression),
    })),
  }));
  const size = topics.flatMap(({ batches }) => batches).reduce(
    (sum, { bytes }) => sum + 8 + bytes.length,
    512,
  );
  const encoder = new Encoder(size);
  encoder.writeString(null).writeInt16(acks).writeInt32(timeout).writeInt32(topics.length);
  for (const { topic, batches } of topics) {
    encoder.writeString(topic).writeInt32(batches.length);
    for (const { partition, bytes } of batches) encoder.writeInt32(partition).writeBytes(bytes);
  }
  return encoder;
}
