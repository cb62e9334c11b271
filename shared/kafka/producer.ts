import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import { chunksOf } from "./chunks.ts";
import { forgetClosed, leadersOf, prepare } from "./cluster.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Cluster } from "./patches/own_cluster.ts";
import { errorOf } from "./patches/produce.ts";
import type { Codec } from "./record_batch.ts";

/** A message that Kafka has not acked, and why. */
export interface Unsent<M extends Outgoing> {
  readonly message: M;
  readonly error: unknown;
}

/** A partition whose newest message has a smaller offset than one that was acked before. */
export interface WentBack {
  readonly partition: number;
  /** The offset after the last message that was acked before. */
  readonly from: bigint;
  /** The offset of the message that is acked now. */
  readonly to: bigint;
}

/** Sends messages to one topic. */
export interface Producer extends AsyncDisposable {
  /**
   * Sends messages, those of one key in their order, and waits until all replicas in sync have them (acks=all). What one partition
   * refuses keeps no other from being sent. Returns what is not acked; of a key that is everything from the first such message on.
   */
  trySend<M extends Outgoing>(messages: readonly M[]): Promise<Unsent<M>[]>;
  /** @throws the error of the first message that is not acked; others may be */
  send(messages: readonly Outgoing[]): Promise<void>;
}

/** Kafka protocol guide, "Error Codes". */
const codes = { unknown: -1, ok: 0, noLeader: 5, tooLarge: [10, 18] };
/** How long a broker waits for its replicas: it answers before the request is given up. */
const ACK_MS = 6_000;

const partitionOf = kafkajs.Partitioners.DefaultPartitioner();

/**
 * A producer of one topic; it connects at the first send. It has connections of its own, so that another topic's trouble is not
 * its trouble. It does not retry: who calls it does. It is not Kafka's idempotent producer, whose sequence numbers kafkajs loses
 * when a broker restarts: a message sent twice is one row all the same, and one send at a time keeps the order.
 * @param compression of what is sent
 * @param onWentBack Kafka has lost what it had acked, as a log was truncated or a topic made anew
 */
export function createProducer(
  cluster: Cluster,
  topic: string,
  compression: Codec,
  onWentBack?: (log: WentBack) => void,
): Producer {
  let isStale = false;
  /** By partition, the offset after the last message that was acked. */
  const ends = new Map<number, bigint>();

  const noteAcked = (partition: number, baseOffset: string, count: number) => {
    const to = BigInt(baseOffset);
    const from = ends.get(partition) ?? to;
    if (to < from) onWentBack?.({ partition, from, to });
    ends.set(partition, to + BigInt(count));
  };

  /** Shares the messages out among the partitions, all of a key to one. */
  const assign = <M extends Outgoing>(messages: readonly M[]): Map<number, M[]> => {
    const partitionMetadata = cluster.findTopicPartitionMetadata(topic);
    const byKey = Map.groupBy(messages, ({ key }) => key);
    const lots = new Map<number, M[]>();
    for (const [key, some] of byKey) {
      const bytes = key instanceof Uint8Array ? Buffer.from(key) : key;
      const partition = partitionOf({ topic, partitionMetadata, message: { key: bytes, value: null } });
      const lot = lots.get(partition);
      if (lot) lot.push(...some);
      else lots.set(partition, some);
    }
    return lots;
  };

  /** Sends one batch to each of the partitions that a broker leads; returns each one's error, if any. */
  const request = async (nodeId: number, batches: ReadonlyMap<number, readonly Outgoing[]>) => {
    const partitions = [...batches].map(([partition, messages]) => ({ partition, messages }));
    try {
      if (nodeId < 0) throw errorOf(codes.noLeader);
      const broker = await cluster.findBroker({ nodeId });
      const topicData = [{ topic, partitions }];
      const { topics } = await broker.produce({ acks: -1, timeout: ACK_MS, compression, topicData });
      const answered = new Map(
        topics.flatMap(({ partitions }) => partitions).map((one) => [one.partition, one]),
      );
      // A partition of which nothing is said has acked nothing.
      return new Map(partitions.map(({ partition, messages }) => {
        const { errorCode, baseOffset } = answered.get(partition) ??
          { errorCode: codes.unknown, baseOffset: "-1" };
        if (errorCode !== codes.ok) return [partition, errorOf(errorCode)];
        noteAcked(partition, baseOffset, messages.length);
        return [partition, undefined];
      }));
    } catch (error) {
      forgetClosed(cluster, error);
      return new Map(partitions.map(({ partition }) => [partition, error]));
    }
  };

  /** Sends one batch to each of several partitions, at once to all brokers. */
  const requestAll = async (batches: ReadonlyMap<number, readonly Outgoing[]>) => {
    const leaders = leadersOf(cluster, topic);
    const byLeader = Map.groupBy(batches, ([partition]) => leaders.get(partition) ?? -1);
    const answers = await Promise.all([...byLeader].map(([leader, some]) => request(leader, new Map(some))));
    return new Map(answers.flatMap((answer) => [...answer]));
  };

  const trySend = async <M extends Outgoing>(messages: readonly M[]): Promise<Unsent<M>[]> => {
    const unsent: Unsent<M>[] = [];
    const giveUp = (some: readonly M[], error: unknown) => {
      isStale = true;
      for (const message of some) unsent.push({ message, error });
    };
    try {
      await prepare(cluster, topic, isStale);
      isStale = false;
    } catch (error) {
      giveUp(messages, error);
      return unsent;
    }
    /** Of each partition what is still to be sent, in batches that a broker takes. */
    const queues = new Map(
      [...assign(messages)].map(([partition, some]) => [partition, [...chunksOf(some)]]),
    );
    while (queues.size > 0) {
      const answers = await requestAll(
        new Map([...queues].map(([partition, [first]]) => [partition, first])),
      );
      for (const [partition, [first, ...rest]] of queues) {
        const { left, refused, error } = settle(first, rest, answers.get(partition));
        if (refused.length > 0) giveUp(refused, error);
        if (left.length > 0) queues.set(partition, left);
        else queues.delete(partition);
      }
    }
    return unsent;
  };

  return {
    trySend,
    async send(messages) {
      const [first] = await trySend(messages);
      if (first) throw first.error;
    },
    [Symbol.asyncDispose]: () => cluster.disconnect(),
  };
}

/**
 * What is left for a partition after the answer to its first batch. A batch that is too large is halved; a message that is too large
 * by itself is refused, with all that follows of its key.
 */
function settle<M extends Outgoing>(
  first: readonly M[],
  rest: readonly (readonly M[])[],
  error: unknown,
): { left: (readonly M[])[]; refused: readonly M[]; error?: unknown } {
  if (error === undefined) return { left: [...rest], refused: [] };
  if (!codes.tooLarge.includes((error as { code?: number }).code ?? 0)) {
    return { left: [], refused: [...first, ...rest.flat()], error };
  }
  if (first.length > 1) {
    const middle = first.length >> 1;
    return { left: [first.slice(0, middle), first.slice(middle), ...rest], refused: [] };
  }
  const [{ key }] = first;
  const follows = (message: M) => key !== null && message.key === key;
  const left = rest.map((batch) => batch.filter((message) => !follows(message)))
    .filter((batch) => batch.length > 0);
  return { left, refused: [...first, ...rest.flat().filter(follows)], error };
}
