import { z } from "zod";
import { deadLetter } from "../shared/dead_letter.ts";
import { deadLetterTopic, kafkaFault, openKafka, topicName } from "../shared/kafka/mod.ts";
import { persist } from "../shared/retry.ts";
import type { Stream } from "../shared/stream.ts";
import type { Worker } from "../shared/worker.ts";
import { createBuffer } from "./buffer.ts";
import { keepConnected, streamUrls } from "./connection.ts";
import { readFrame } from "./frame.ts";
import { sendAll } from "./sender.ts";

type Message = { symbol: string };

/** No frame for so long, on a connection that carries the whole market, is no quiet market. */
const SILENT_MS = 60_000;

/**
 * Puts what the exchange sends of a stream on the stream's topic, until the worker is told to stop; then it sends what it
 * still holds.
 */
export async function produce<M extends Message>(stream: Stream<M>, worker: Worker): Promise<void> {
  const { config, log, signal } = worker;
  const { exchange } = stream;
  if (!exchange) throw new Error(`The stream ${stream.name} does not come from the exchange`);
  const topic = topicName(config.kafka, stream);
  const counts = { received: 0, produced: 0, rejected: 0, dropped: 0, merged: 0, duplicate: 0, waiting: 0 };
  const prices: Record<string, string> = {};
  const down = new Map<string, string>();
  let kafkaTrouble: string | undefined;
  let lastData = Date.now();

  worker.report = () => {
    const silent = Date.now() - lastData;
    return {
      counts: { ...counts, waiting: buffer.length },
      prices,
      stuck: kafkaTrouble ?? [...down.values()][0] ??
        (silent > SILENT_MS ? `no frame for ${Math.round(silent / 1000)} s` : undefined),
    };
  };

  const buffer = createBuffer(stream, config.bufferBytes, {
    onMerged: (count) => counts.merged += count,
    onDropped(entry) {
      counts.dropped++;
      log.sparsely("dropped", "the buffer is full and the oldest messages are dropped", {
        topic: entry.topic,
      });
    },
  });

  const reject = (text: string, cause: string) => {
    log.sparsely(cause, "a frame can't be decoded and goes to the dead-letter topic", { cause });
    buffer.push({ topic: deadLetterTopic(topic), ...deadLetter(null, text, { cause, source: "exchange" }) });
  };

  const onText = (text: string): boolean => {
    const frame = readFrame(text);
    if (frame.kind === "ack") return false;
    if (frame.kind === "error") {
      log.sparsely(frame.message, "the exchange refuses a request", { why: frame.message });
      return false;
    }
    counts.received++;
    const parsed = exchange.wire.safeParse(frame.payload);
    if (!parsed.success) {
      reject(text, frame.payload === undefined ? "it is not a JSON object" : z.prettifyError(parsed.error));
      return false;
    }
    lastData = Date.now();
    const message = exchange.toMessage(parsed.data, lastData);
    if (stream.lastPrice) prices[message.symbol] = stream.lastPrice(message);
    // What `stream.codec.encode` gives, without its check: the wire has been checked.
    buffer.push({ topic, key: message.symbol, value: JSON.stringify(message), message });
    return true;
  };

  const kafka = openKafka(config.kafka, log);
  await using producer = kafka.producer();
  const broker = {
    signal: worker.deadline,
    log,
    explain: (error: unknown) => kafkaFault(config.kafka, error),
    onTrouble: (words?: string) => kafkaTrouble = words,
  };
  const sending = persist(() => kafka.ensureTopics([topic, deadLetterTopic(topic)]), broker).then(() =>
    sendAll(buffer, producer, broker, (entries) => {
      for (const entry of entries) entry.topic === topic ? counts.produced++ : counts.rejected++;
    })
  );

  const streams = config.symbols.flatMap((symbol) => exchange.subscriptions(symbol, config.klineIntervals));
  const connections = streamUrls(config.binanceWsUrl, exchange.route, streams).map((url) =>
    keepConnected(
      url,
      { onText, onUp: () => down.delete(url), onDown: (words) => down.set(url, words) },
      signal,
      log,
    )
  );
  await Promise.all([Promise.all(connections).then(() => buffer.close()), sending]);
}
