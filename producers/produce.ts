import { foreignHost } from "../shared/exchange/host.ts";
import { type Extent, kafkaFault, openKafka, topicName } from "../shared/kafka/mod.ts";
import { describe } from "../shared/log.ts";
import { requireOwnTopics } from "../shared/config/own_names.ts";
import { retryForever } from "../shared/retry.ts";
import { watchForStall } from "../shared/stall.ts";
import type { ExchangeMessage, Stream } from "../shared/stream.ts";
import type { Worker } from "../shared/worker.ts";
import { keepConnected } from "./socket/connection.ts";
import { createGapKeeper } from "./coverage/gap_keeper.ts";
import { requireHeap } from "./outlet/heap.ts";
import { newestTimes } from "./coverage/newest.ts";
import { createOutlets, runOutlets } from "./outlet/outlets.ts";
import { createOverlap } from "./socket/overlap.ts";
import { createReceiver } from "./socket/receiver.ts";
import { createRequestPause } from "../shared/exchange/request_pause.ts";
import { lookByRest } from "./socket/last_trade.ts";
import { createOtherProducers } from "./coverage/other_producers.ts";
import { linesOf } from "../shared/exchange/urls.ts";
import { createWatchdog } from "./socket/watchdog.ts";
import { workOf } from "./outlet/work.ts";

/** No frame for so long, on connections that carry a market, is no quiet market. */
const SILENT_MS = 60_000;

/**
 * Puts what the exchange sends of a stream on the stream's topic, until the worker is told to stop; then it sends what it
 * still holds. What it could not receive or not keep goes to the gap ledger.
 * @throws {ConfigError} where another host's messages would be mixed with the exchange's
 */
export async function produce<M extends ExchangeMessage>(stream: Stream<M>, worker: Worker): Promise<void> {
  const { config, log, signal } = worker;
  const { message: type, feed } = stream;
  requireOwnTopics(config);
  const host = foreignHost(config);
  if (host) log.info("the data is not the exchange's: it comes from another host", { host });
  requireHeap(config.bufferBytes);
  if (!feed) throw new Error(`The stream ${type.name} does not come from the exchange`);
  /** The exchange's streams, each with its symbol. */
  const symbols = new Map(
    config.symbols.flatMap((symbol) =>
      feed.subscriptions(symbol, config.klineIntervals).map((name) => [name, symbol] as const)
    ),
  );
  const lines = linesOf(config.binanceWsUrl, config.market.routes[feed.route], [...symbols.keys()]);
  const topic = topicName(config.kafka, type);
  const counts = { received: 0, produced: 0, rejected: 0, dropped: 0, merged: 0, duplicate: 0, notices: 0 };
  const down = new Map<string, { words: string; isLasting?: boolean }>();
  const kafka = openKafka(config.kafka, log);
  const others = createOtherProducers(kafka, topic, stream, signal);
  const { messages, letters, gaps: gapRows } = createOutlets(type, worker, kafka, counts, {
    onDropped: (symbol, eventTime) => gaps.dropped(symbol, eventTime),
    onSend(entries, fresh) {
      others.sending(entries.length);
      gaps.sending(fresh);
    },
    onAcked(_entries, isAll) {
      if (isAll) others.sent();
      gaps.flush();
    },
  });
  const outlets = [messages, letters, gapRows];
  const troubles = () => outlets.flatMap(({ trouble }) => trouble ?? []);
  const gaps = createGapKeeper(type.name, symbols, messages, gapRows, others, log);
  const receiver = createReceiver(type, feed, messages, letters, counts, log);

  worker.report = () => {
    const silent = performance.now() - receiver.lastData;
    const obstacles = [...troubles(), ...down.values()];
    return {
      counts: { ...counts, buffered: outlets.reduce((sum, { length }) => sum + length, 0) },
      prices: receiver.prices,
      waiting: obstacles[0]?.words,
      stuck: obstacles.find(({ isLasting }) => isLasting)?.words ??
        (down.size === 0 && silent > SILENT_MS ? `no frame for ${Math.round(silent / 1_000)} s` : undefined),
    };
  };

  const common = { signal: worker.deadline, log, kind: "kafka" as const };
  const opened = outlets.map((outlet) => outlet.open());
  /** Where the topic ends before anything of ours is on it. */
  const reach = async () => {
    await opened[0];
    const explain = (error: unknown) => kafkaFault(config.kafka, error);
    return await retryForever(() => kafka.extentOf(topic), { ...common, explain });
  };
  /** Records what was missed since the topic's newest records. */
  const recordRestart = async (extent: Extent) => {
    const since = others.mark();
    const { times, receivedAt } = await newestTimes(kafka, topic, extent, stream, [...symbols.keys()], {
      signal: worker.deadline,
      log,
      kind: "restart",
      explain: (error) =>
        `Cannot tell yet what was missed before this start: ${kafkaFault(config.kafka, error)}`,
    });
    // deno-lint-ignore bookline/elapsed -- the producer before this one has ended
    const away = Date.now() - receivedAt;
    for (const { streams } of lines) {
      gaps.startedAfter(new Map([...times].filter(([name]) => streams.includes(name))), since, away);
    }
  };
  const reached = reach();
  const restart = reached.then(recordRestart).catch((error) =>
    log.warn("cannot tell what was missed before this start", { why: describe(error) })
  );
  const receive = async () => {
    const requestPause = createRequestPause();
    const look = lookByRest(config.binanceRestUrl + config.market.paths.ticker24h, requestPause, log);
    await Promise.all(
      lines.map((line) => {
        const overlap = createOverlap(feed.identity);
        down.set(line.url, { words: "the exchange has not been reached yet" });
        const watchdog = createWatchdog(line.streams, config.silenceMs, look, performance.now());
        return keepConnected(
          { ...line, ...config, watchdog, requestPause },
          {
            onFrame: (data) => receiver.onFrame(data, overlap, gaps.seen),
            onOverlap: (begins) => begins ? overlap.begin() : overlap.end(),
            onUp() {
              down.delete(line.url);
              gaps.subscribed(line.streams);
            },
            onDown(words, isLasting) {
              down.set(line.url, { words, isLasting });
              gaps.lost(line.streams, "lost connection");
            },
            onMute: (names) =>
              gaps.lost(
                names,
                names.length === line.streams.length ? "lost connection" : "mute stream",
              ),
            onMissed: (from, to) => gaps.missed(line.streams, from, to),
          },
          signal,
          log,
        );
      }),
    );
    await restart;
    await gaps.close();
    messages.close();
    letters.close();
  };
  const watches = outlets.map((outlet) => watchForStall(workOf(outlet, config.kafka, log), signal, log));
  const [, lettersOpen, gapsOpen] = opened;
  const sent = runOutlets({ messages, letters, gaps: gapRows }, [reached, lettersOpen, gapsOpen]);
  await Promise.all([receive(), sent, ...opened, ...watches]);
}
