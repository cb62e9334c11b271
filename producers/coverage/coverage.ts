import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import type { Connection } from "../../shared/exchange/urls.ts";
import { ConfigError } from "../../shared/config/config.ts";
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
  /** The full buffer of the dead letters dropped one. */
  droppedLetter(push: number): void;
  /**
   * Tells once a second until the work has ended, and then the rest. If that can't be told in time, it is told less than was covered.
   * @param work sends the messages, and resolves once all are acked
   * @throws the work's error
   * @throws {ConfigError} if the topic is set up such that it would lose messages
   */
  tellWhile(work: Promise<void>): Promise<void>;
}

const EVERY_MS = 1_000;
/** What is told once a second is at most as old as this, and as Kafka's ack takes; in ms. */
const MARK_MS = 250;
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
    const taken = sessions.map((session) => session.take(startedAt!));
    const isComplete = subscribed.size === sessions.length && sessions.every(({ isNamed }) => isNamed);
    const own = taken.map((rows) => rows.pop()!);
    // What the run before had beside these feeds ends as unsubscribed: whoever reads that a run is complete knows of all of them.
    const rows = [...taken.flat(), ...own.map((row) => isComplete ? row : { ...row, reason: "starting" })];
    for (const row of rows) outlet.push({ key: producer, value: JSON.stringify(row) });
  };
  const tellUntil = async (ended: AbortSignal) => {
    let toldAt = -Infinity;
    for (; !ended.aborted; await sleep(MARK_MS, ended)) {
      for (const session of sessions) session.mark();
      const isDue = performance.now() - toldAt >= EVERY_MS - MARK_MS / 2;
      if (!isDue || outlet.length > 0) continue;
      toldAt = performance.now();
      tell();
    }
  };
  /** Waits for the acks of what was told; false where they do not come in time. */
  const isAcked = () => outlet.flush(deadline).then(() => true, () => false);
  const tellRest = async () => {
    for (const session of sessions) session.stop();
    startedAt ??= Date.now();
    while (!sessions.every(({ isTold }) => isTold) && await isAcked()) tell();
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
    droppedLetter(push) {
      for (const session of sessions) session.droppedLetter(push);
    },
    async tellWhile(work) {
      const ended = new AbortController();
      const receiving = work.finally(() => ended.abort());
      const telling = async () => {
        await Promise.all([receiving, clock.run(ended.signal), look(ended.signal), tellUntil(ended.signal)]);
        await tellRest();
      };
      const sending = outlet.run().catch((error) => {
        if (error instanceof ConfigError) throw error;
        log.warn("the last of what was covered is not told", { why: describe(error) });
      });
      await Promise.all([sending, telling().finally(outlet.close)]);
    },
  };
}
