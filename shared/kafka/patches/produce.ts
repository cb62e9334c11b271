import Encoder from "kafkajs/src/protocol/encoder.js";
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import protocols from "kafkajs/src/protocol/requests/index.js";
import type { Outgoing } from "../outgoing.ts";
import { type Codec, encodeRecordBatch } from "../record_batch.ts";

/**
 * Patches kafkajs 2.2.4 (issue 1303): of one partition's error it makes a failure of all, so who sends can't know what is acked. It
 * also takes ten times as long to encode messages. With the patch a request carries our own encoding, and its answer is returned
 * as it is, partition by partition.
 */

/** A produce request. */
export interface ProduceData {
  /** -1: all replicas in sync. */
  readonly acks: -1;
  /** How long the broker waits for them, in ms. */
  readonly timeout: number;
  readonly compression: Codec;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly Outgoing[] }[];
  }[];
}

/** What a broker answers, partition by partition. */
export interface ProduceAnswer {
  readonly topics: readonly {
    readonly partitions: readonly {
      readonly partition: number;
      /** 0, or one of the protocol guide's "Error Codes". */
      readonly errorCode: number;
      /** The offset of the first message, in decimal. */
      readonly baseOffset: string;
    }[];
  }[];
}

/** kafkajs' error for one of the protocol guide's "Error Codes". */
export const errorOf: (code: number) => Error = createErrorFromCode;

const { Produce } = protocols.requests;
const { protocol } = Produce;
Produce.protocol = ({ version }: { version: number }) => (data: ProduceData) => {
  const { request, response } = protocol({ version })(data);
  return {
    request: { ...request, encode: () => Promise.resolve(encode(data)) },
    response: { ...response, parse: (answer: ProduceAnswer) => Promise.resolve(answer) },
  };
};

/** Kafka's protocol: "Produce API", versions 3 to 8. One buffer of the right size, since growing it costs more than filling it. */
function encode({ acks, timeout, compression, topicData }: ProduceData): unknown {
  const now = Date.now();
  const topics = topicData.map(({ topic, partitions }) => ({
    topic,
    batches: partitions.map(({ partition, messages }) => ({
      partition,
      bytes: encodeRecordBatch(messages, now, compression),
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
