import kafkajs from "kafkajs";
import { bundle } from "./produce_request.ts";

/** A message to be sent. */
export interface Outgoing {
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

export interface Producer extends AsyncDisposable {
  /** Sends messages in order, each list to its topic; returns once all replicas in sync have them (acks=all). */
  send(batches: readonly { topic: string; messages: readonly Outgoing[] }[]): Promise<void>;
}

/**
 * A producer; it connects at the first send. Not Kafka's idempotent one, whose sequence numbers kafkajs loses when a broker
 * restarts: a message sent twice is one row all the same, and one send at a time keeps the order.
 */
export function createProducer(client: kafkajs.Kafka): Producer {
  const producer = client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    maxInFlightRequests: 1,
  });
  let connected = false;
  return {
    async send(batches) {
      if (!connected) await producer.connect();
      connected = true;
      await producer.sendBatch({
        acks: -1,
        topicMessages: batches.map(({ topic, messages }) => ({ topic, messages: bundle(messages) })),
      });
    },
    async [Symbol.asyncDispose]() {
      if (connected) await producer.disconnect();
    },
  };
}
