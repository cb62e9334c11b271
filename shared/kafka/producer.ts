import kafkajs from "kafkajs";

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
  const producer = client.producer({ createPartitioner: cachingPartitioner, maxInFlightRequests: 1 });
  let connected = false;
  return {
    async send(batches) {
      if (!connected) await producer.connect();
      connected = true;
      await producer.sendBatch({
        acks: -1,
        topicMessages: batches.map(({ topic, messages }) => ({
          topic,
          messages: messages.map(({ key, value, headers }) => ({
            key: asBuffer(key),
            value: asBuffer(value),
            headers,
          })),
        })),
      });
    },
    async [Symbol.asyncDispose]() {
      if (connected) await producer.disconnect();
    },
  };
}

// kafkajs takes a Buffer as it is; a Uint8Array it would take for an object.
function asBuffer<T extends string | Uint8Array | null>(value: T) {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value as string;
}

/** Kafka's own choice of partition (murmur2 of the key), remembered: there are few symbols and many messages. */
function cachingPartitioner(): ReturnType<kafkajs.ICustomPartitioner> {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  const chosen = new Map<string, number>();
  let partitions = 0;
  return (args) => {
    const { key } = args.message;
    if (typeof key !== "string") return choose(args);
    if (args.partitionMetadata.length !== partitions) {
      partitions = args.partitionMetadata.length;
      chosen.clear();
    }
    let partition = chosen.get(key);
    if (partition === undefined) chosen.set(key, partition = choose(args));
    return partition;
  };
}
