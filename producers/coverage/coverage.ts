import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import type { Connection } from "../../shared/exchange/urls.ts";
import { type Kafka, type Outgoing, topicName } from "../../shared/kafka/mod.ts";
import { describe } from "../../shared/log.ts";
import { createOutlet, type Outlet } from "../../shared/outlet/outlet.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import { coverage } from "../../shared/streams/coverage.ts";
import { sleep } from "../../shared/wait.ts";
import type { Worker } from "../../shared/worker.ts";
import type { FeedListener } from "../socket/types.ts";
import { createExchangeClock } from "./exchange_clock.ts";
import { listenFor } from "./listen.ts";
import { confirmSilences } from "./looks.ts";
import type { Progress } from "./frontier.ts";
import { createSession } from "./track_session.ts";

/** Tells through Kafka what the producer of a stream has covered. */
export interface Coverage {
  /** For the source of the messages: one of each connection. */
  readonly listeners: readonly FeedListener[];
  /** Of what is told. */
  readonly outlet: Outlet;
  /** The full buffer of the messages dropped this entry. */
  dropped(entry: Outgoing, push: number): void;
  /**
   * Tells once a second until the work has ended, and then the rest. If that can't be told in time, it is told less than was covered.
   * @param work sends the messages, and resolves once all are acked
   * @throws the work's error
   */
  tellWhile(work: Promise<void>): Promise<void>;
}

const EVERY_MS = 1_000;
/** Without an answer for so long, this machine's clock is taken for the exchange's as to when the producer started. In ms. */
const UNKNOWN_MS = 10_000;

/**
 * @param symbols the feeds of the stream, each with its symbol
 * @param connections each is a session
 * @param outlets those of the messages and of the dead letters, in this order
 */
export function createCoverage<M extends ExchangeMessage>(
  stream: Stream<M>,
  symbols: ReadonlyMap<string, string>,
  connections: readonly Connection[],
  outlets: readonly Progress[],
  requestPause: RequestPause,
  kafka: Kafka,
  { config, log, signal, deadline }: Worker<"kafka" | "exchange" | "producer">,
): Coverage {
  const { market: { paths }, binanceRestUrl, producerName: producer } = config;
  const { feed, message: { name } } = stream;
  const clock = createExchangeClock(binanceRestUrl + paths.time, requestPause, log);
  // Two processes of one name may start in the same ms.
  const run = `${Date.now()}.${crypto.randomUUID().slice(0, 8)}`;
  const sessions = connections.map(({ feeds }, line) =>
    createSession({
      session: `${producer}/${name}/${run}/${line}`,
      ...{ producer, stream: name, clock, outlets, judgesSilence: feed!.silence !== "unknown" },
      feeds: new Map(feeds.map((one) => [one, symbols.get(one)!])),
    })
  );
  const subscribed = new Set<number>();
  const listeners = sessions.map((session, line) =>
    listenFor(session, clock, signal, () => void subscribed.add(line))
  );
  const outlet = createOutlet({
    topic: topicName(config.kafka, coverage.message),
    // It holds what is told of one second, and nothing of it may be dropped.
    limit: Infinity,
    kind: "coverage",
    ...{ kafka, config: config.kafka, signal: deadline, log },
  });
  const began = performance.now();
  let startedAt: number | undefined;

  const tell = () => {
    const age = performance.now() - began;
    const byExchange = Math.floor(clock.earliest() - age);
    if (byExchange > -Infinity) startedAt ??= byExchange;
    // deno-lint-ignore bookline/elapsed -- the time of day is all that is left
    else if (age > UNKNOWN_MS) startedAt ??= Math.floor(Date.now() - age);
    if (startedAt === undefined) return;
    const isComplete = subscribed.size === sessions.length;
    for (const session of sessions) {
      for (const row of session.take(isComplete, startedAt)) {
        outlet.push({ key: producer, value: JSON.stringify(row) });
      }
    }
  };
  const tellUntil = async (ended: AbortSignal) => {
    for (; !ended.aborted; await sleep(EVERY_MS, ended)) if (outlet.length === 0) tell();
  };
  const tellRest = async () => {
    for (const session of sessions) session.stop();
    startedAt ??= Date.now();
    while (!sessions.every(({ isTold }) => isTold)) {
      await outlet.flush(deadline);
      tell();
    }
    await outlet.flush(deadline);
  };
  const look = (ended: AbortSignal) => {
    const { confirmation } = feed!;
    if (!confirmation) return;
    const url = binanceRestUrl + paths[confirmation.path];
    return confirmSilences(sessions, confirmation, url, symbols, clock, requestPause, log, ended);
  };

  return {
    listeners,
    outlet,
    dropped({ value }, push) {
      const message = stream.message.codec.decode(String(value));
      const one = feed!.feedOf(message);
      for (const session of sessions) session.dropped(one, message.eventTime, push);
    },
    async tellWhile(work) {
      const ended = new AbortController();
      const sending = outlet.run().catch((error) =>
        log.error("what was covered can't be told", { why: describe(error) })
      );
      try {
        const over = work.finally(() => ended.abort());
        await Promise.all([over, clock.run(ended.signal), look(ended.signal), tellUntil(ended.signal)]);
        await Promise.race([
          sending,
          tellRest().catch((error) =>
            log.warn("the last of what was covered can't be told", { why: describe(error) })
          ),
        ]);
      } finally {
        outlet.close();
      }
      await sending;
    },
  };
}
