import { deadLetterTopic, type Kafka, topicName } from "../../shared/kafka/mod.ts";
import { isNewer, rowKey } from "../../shared/order.ts";
import type { ExchangeMessage, MessageType, StreamMessage } from "../../shared/stream.ts";
import { gap } from "../../shared/streams/gap.ts";
import type { Worker } from "../../shared/worker.ts";
import { createBuffer } from "./buffer.ts";
import { createOutlet, type Outlet, type OutletOptions } from "./outlet.ts";
import type { Rows } from "./queue.ts";

/** The topics that a producer writes to. */
export interface Outlets {
  /** The stream's own topic. */
  readonly messages: Outlet;
  /** What can't be decoded. */
  readonly letters: Outlet;
  readonly gaps: Outlet;
}

export interface OutletCounts {
  produced: number;
  rejected: number;
  dropped: number;
  merged: number;
}

/** What is told of the stream's own messages. */
export interface OutletListener extends Pick<OutletOptions, "onSend" | "onAcked"> {
  /** The full buffer dropped a message. */
  onDropped(symbol: string, eventTime: number): void;
}

/** Bytes of the buffer of gaps: some 10,000 of them. The other two buffers have the configured size each. */
const GAPS_BYTES = 4 * 2 ** 20;

/** The outlets of a stream, each with a buffer of its own. */
export function createOutlets<M extends ExchangeMessage>(
  type: MessageType<M>,
  { config, log, deadline }: Pick<Worker, "config" | "log" | "deadline">,
  kafka: Kafka,
  counts: OutletCounts,
  listener: OutletListener,
): Outlets {
  const topic = topicName(config.kafka, type);
  const common = { kafka, config: config.kafka, signal: deadline, log };
  const onMerged = () => void counts.merged++;

  const messages = createOutlet({
    ...common,
    topic,
    kind: "kafka",
    buffer: createBuffer(config.bufferBytes, {
      onMerged,
      onDropped({ value }) {
        counts.dropped++;
        const { symbol, eventTime } = type.codec.decode(String(value));
        listener.onDropped(symbol, eventTime);
        log.sparsely("overflow", "the buffer is full and its oldest messages are dropped", { topic });
      },
    }, type.overflow === "merge" ? rowsOf(type) : undefined),
    onSend: listener.onSend,
    onAcked(entries, isAll) {
      counts.produced += entries.length;
      listener.onAcked(entries, isAll);
    },
  });
  const letters = createOutlet({
    ...common,
    topic: deadLetterTopic(topic),
    kind: "dead letters",
    // A flood of bad frames comes as fast as a flood of good ones.
    buffer: createBuffer(config.bufferBytes, {
      onMerged,
      onDropped() {
        counts.dropped++;
        log.sparsely("overflow", "the buffer of dead letters is full and its oldest are dropped");
      },
    }),
    onAcked: (entries) => void (counts.rejected += entries.length),
  });
  const gaps = createOutlet({
    ...common,
    topic: topicName(config.kafka, gap.message),
    kind: "gaps",
    buffer: createBuffer(GAPS_BYTES, {
      onMerged,
      onDropped: ({ value }) =>
        log.error("the buffer of gaps is full: a gap is not recorded", { gap: String(value) }),
    }),
    onAcked() {},
  });
  return { messages, letters, gaps };
}

/**
 * Sends what the outlets hold, each once its promise in `ready` has settled, until the messages' and the letters' are closed and
 * empty. Those of the gaps end after them, since the last ack of a message may tell one: sent at the same time it was lost.
 * @throws the error of the first that could not send all; it keeps no other from sending
 */
export async function runOutlets(
  { messages, letters, gaps }: Outlets,
  ready: readonly [messages: Promise<unknown>, letters: Promise<unknown>, gaps: Promise<unknown>],
): Promise<void> {
  const own = [messages, letters].map(({ run }, i) => ready[i].then(run));
  const gapsSent = ready[2].then(gaps.run);
  const ends = Promise.allSettled([...own, gapsSent]);
  await Promise.allSettled(own);
  gaps.close();
  for (const end of await ends) if (end.status === "rejected") throw end.reason;
}

/** By which entries of the stream are merged. */
export function rowsOf<M extends StreamMessage>(type: MessageType<M>): Rows {
  const messageOf = ({ value }: { value: string | Uint8Array }) => type.codec.decode(String(value));
  return {
    key: (entry) => rowKey(type, messageOf(entry)),
    isNewer: (a, b) => isNewer(type, messageOf(a), messageOf(b)),
  };
}
