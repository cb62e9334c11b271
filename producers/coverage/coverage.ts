import type { Connection } from "../../shared/exchange/urls.ts";
import { type Extent, type Kafka, kafkaFault, topicName } from "../../shared/kafka/mod.ts";
import { describe } from "../../shared/log.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../../shared/outlet/outlet.ts";
import { retryForever } from "../../shared/retry.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import { gap } from "../../shared/streams/gap.ts";
import type { Worker } from "../../shared/worker.ts";
import type { FeedListener } from "../socket/types.ts";
import { createGapKeeper } from "./gap_keeper.ts";
import { newestTimes } from "./newest.ts";
import { createOtherProducers } from "./other_producers.ts";

/** Records what the producer of a stream could not receive or not keep. This is the only file that knows how. */
export interface Coverage {
  /** Of the gaps. It must be closed after the outlet of the messages, as the last ack of a message may tell a gap. */
  readonly outlet: Outlet;
  /** For the outlet of the messages. */
  readonly hooks: Required<Pick<OutletOptions, "beforeSending" | "onSend" | "onAcked" | "onDropped">>;
  /** For the source of the messages. */
  readonly listener: FeedListener;
  /** Puts the gaps that have no end yet into the outlet, once the source has ended. */
  close(): Promise<void>;
}

/** Bytes of the buffer of gaps: about 10,000 of them. */
const GAPS_BYTES = 4 * 2 ** 20;

/**
 * @param symbols the feeds of the stream, each with its symbol
 * @param connections the feeds of one connection are lost together
 * @param hasRoom whether the buffer of the stream's messages is less than half full
 */
export function createCoverage<M extends ExchangeMessage>(
  stream: Stream<M>,
  symbols: ReadonlyMap<string, string>,
  connections: readonly Connection[],
  hasRoom: () => boolean,
  kafka: Kafka,
  { config, log, signal, deadline }: Worker<"kafka">,
): Coverage {
  const topic = topicName(config.kafka, stream.message);
  const outlet = createOutlet({
    topic: topicName(config.kafka, gap.message),
    limit: GAPS_BYTES,
    kind: "gaps",
    onDropped: ({ value }) =>
      log.error("the buffer of gaps is full: a gap is not recorded", { gap: String(value) }),
    ...{ kafka, config: config.kafka, signal: deadline, log },
  });
  const others = createOtherProducers(kafka, topic, stream, signal);
  const keeper = createGapKeeper(stream.message.name, symbols, hasRoom, outlet, others, log);
  /** Where the topic ended before anything of ours was on it. */
  const reached = Promise.withResolvers<Extent>();

  /** Records what was missed since the topic's newest records. */
  const recordRestart = async (extent: Extent) => {
    const since = others.mark();
    const { times, receivedAt } = await newestTimes(kafka, topic, extent, stream, [...symbols.keys()], {
      signal: deadline,
      log,
      kind: "restart",
      explain: (error) =>
        `Cannot tell yet what was missed before this start: ${kafkaFault(config.kafka, error)}`,
    });
    // deno-lint-ignore bookline/elapsed -- the producer before this one has ended
    const away = Date.now() - receivedAt;
    for (const { feeds } of connections) {
      keeper.startedAfter(new Map([...times].filter(([name]) => feeds.includes(name))), since, away);
    }
  };
  const restart = reached.promise.then(recordRestart).catch((error) =>
    log.warn("cannot tell what was missed before this start", { why: describe(error) })
  );

  return {
    outlet,
    listener: keeper,
    hooks: {
      async beforeSending() {
        const explain = (error: unknown) => kafkaFault(config.kafka, error);
        const retry = { signal: deadline, log, kind: "kafka" as const, explain };
        reached.resolve(await retryForever(() => kafka.extentOf(topic), retry));
      },
      onSend(entries, fresh) {
        others.sending(entries.length);
        keeper.sending(fresh);
      },
      onAcked(_entries, isAll) {
        if (isAll) others.sent();
        keeper.flush();
      },
      onDropped({ value }) {
        const { symbol, eventTime } = stream.message.codec.decode(String(value));
        keeper.dropped(symbol, eventTime);
      },
    },
    async close() {
      await restart;
      await keeper.close();
    },
  };
}
