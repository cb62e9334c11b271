import kafkajs from "kafkajs";
import { bundle } from "./produce_request.ts";
import type { Codec } from "./record_batch.ts";

/** A message to be sent. */
export interface Outgoing {
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

export interface Producer extends AsyncDisposable {
  /**
   * Sends messages in order, each list to its topic; returns once all replicas in sync have them (acks=all). When it throws,
   * some may have been sent.
   */
  send(batches: readonly { topic: string; messages: readonly Outgoing[] }[]): Promise<void>;
}

/**
 * A producer; it connects at the first send. Not Kafka's idempotent one, whose sequence numbers kafkajs loses when a broker
 * restarts: a message sent twice is one row all the same, and one send at a time keeps the order.
 * @param compression of what is sent
 */
export function createProducer(client: kafkajs.Kafka, compression: Codec): Producer {
  const producer = client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    maxInFlightRequests: 1,
    // What fails is sent again by our own loops, all of it. kafkajs (issue 1303) leaves out what has moved to a broker that has
    // answered already: those messages would be lost, and taken for sent.
    retry: { retries: 0 },
  });
  let connected = false;
  return {
    async send(batches) {
      if (!connected) await producer.connect();
      connected = true;
      for (const { topic, messages } of batches) {
        for (const some of chunksOf(messages)) {
          await producer.sendBatch({
            acks: -1,
            compression,
            topicMessages: [{ topic, messages: bundle(some) }],
          });
        }
      }
    },
    async [Symbol.asyncDispose]() {
      if (connected) await producer.disconnect();
    },
  };
}

/** Bytes of one request: a broker takes a record batch of up to 1 MiB by default. */
const REQUEST_BYTES = 900_000;
/** What a message takes up beside its key, value and headers. */
const OVERHEAD_BYTES = 60;

/** The messages in their order, in lists that a broker takes as one batch; a message that is larger is alone. */
export function* chunksOf(messages: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < messages.length; i++) {
    const { key, value, headers } = messages[i];
    const size = OVERHEAD_BYTES + Buffer.byteLength(key ?? "") + Buffer.byteLength(value) +
      (headers ? Buffer.byteLength(JSON.stringify(headers)) : 0);
    if (bytes + size > REQUEST_BYTES && i > start) {
      yield messages.slice(start, i);
      start = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (messages.length > start) yield messages.slice(start);
}
