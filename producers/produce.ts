import { requireOwnTopics } from "../shared/config/own_names.ts";
import { foreignHost } from "../shared/exchange/host.ts";
import { createRequestPause } from "../shared/exchange/request_pause.ts";
import { connectionsOf } from "../shared/exchange/urls.ts";
import { deadLetterTopic, openKafka, topicName } from "../shared/kafka/mod.ts";
import { createOutlet } from "../shared/outlet/outlet.ts";
import { produce } from "../shared/outlet/produce.ts";
import { rowsOf } from "../shared/outlet/rows.ts";
import { workOf } from "../shared/outlet/work.ts";
import { watchForStall } from "../shared/stall.ts";
import type { ExchangeMessage, Stream } from "../shared/stream.ts";
import type { Worker } from "../shared/worker.ts";
import { createCoverage } from "./coverage/coverage.ts";
import { requireHeap } from "./heap.ts";
import { createSocketSource } from "./socket/source.ts";

/** What a producer uses of the configuration. */
export const producerSlices = ["kafka", "exchange", "producer"] as const;
export type ProducerSlice = (typeof producerSlices)[number];

/**
 * Puts what the exchange sends of a stream on the stream's topic until the worker is told to stop. Then it sends what it still
 * holds. What it received completely is told as covered.
 * @throws {ConfigError} where another host's messages would be mixed with the exchange's
 */
export async function produceFromSocket<M extends ExchangeMessage>(
  stream: Stream<M>,
  worker: Worker<ProducerSlice>,
): Promise<void> {
  const { config, log, signal, deadline } = worker;
  const { message: type, feed } = stream;
  if (!feed) throw new Error(`Cannot receive ${type.name}: the exchange does not send it`);
  requireOwnTopics(config);
  const host = foreignHost(config);
  if (host) log.info("the data is not the exchange's: it comes from another host", { host });
  requireHeap(config.bufferBytes);

  const symbols = new Map(
    config.symbols.flatMap((symbol) =>
      feed.subscriptions(symbol, worker.options).map((name) => [name, symbol] as const)
    ),
  );
  const route = config.market.routes[feed.route];
  const connections = connectionsOf(config.binanceWsUrl, route, [...symbols.keys()]);
  const kafka = openKafka(config.kafka, log);
  const topic = topicName(config.kafka, type);
  const requestPause = createRequestPause(config.weightPerMinute);
  // A flood of bad frames comes as fast as a flood of good ones: both buffers have the configured size.
  const common = { kafka, config: config.kafka, limit: config.bufferBytes, signal: deadline, log };
  const messages = createOutlet({
    ...{ ...common, topic, kind: "kafka", rows: rowsOf(type) },
    onDropped: (entry, number) => coverage.dropped(entry, number),
  });
  const letters = createOutlet({
    ...{ ...common, topic: deadLetterTopic(topic), kind: "dead letters" },
    onDropped: (_letter, number) => coverage.droppedLetter(number),
  });
  const coverage = createCoverage(
    ...[stream, symbols, connections, [messages, letters], requestPause, kafka, worker] as const,
  );
  const outlets = [messages, letters, coverage.outlet];
  const source = createSocketSource(
    type,
    feed,
    connections,
    config,
    messages,
    letters,
    coverage.listeners,
    requestPause,
    log,
  );

  worker.telemetry.observe(() => {
    const { received, duplicate, ignored, notices, fallbacks } = source.counts;
    const troubles = [...outlets.flatMap(({ trouble }) => trouble ?? []), ...source.troubles];
    return {
      counts: {
        received,
        produced: messages.counts.acked,
        rejected: letters.counts.acked,
        dropped: messages.counts.dropped + letters.counts.dropped,
        merged: messages.counts.merged,
        duplicate,
        ...(ignored > 0 ? { ignored } : {}),
        notices,
        fallbacks,
        buffered: outlets.reduce((sum, { length }) => sum + length, 0),
        connections: connections.length - source.troubles.length,
        connections_down: source.troubles.length,
      },
      prices: source.prices,
      waiting: troubles[0]?.words,
      stuck: troubles.find(({ isLasting }) => isLasting)?.words ?? source.silence,
    };
  });

  const work = produce(source.run, [messages, letters], signal);
  const watches = outlets.map((outlet) => watchForStall(workOf(outlet, config.kafka, log), signal, log));
  await Promise.all([coverage.tellWhile(work), ...watches]);
}
