import type { Config } from "../../shared/config/config.ts";
import { groupName, openKafka, topicName } from "../../shared/kafka/mod.ts";
import type { Log } from "../../shared/log.ts";
import { connectLasting } from "../../shared/postgres/mod.ts";
import type { Stream } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import { nothing, streamCounts } from "./totals.ts";
import type { KeptServer } from "./keep_server.ts";
import type { Picture, StreamPicture } from "./picture.ts";
import { type AuditCounts, countAudit } from "./audit_counts.ts";
import { countGaps, type GapCounts } from "./gap_counts.ts";
import { formatCount } from "./format.ts";
import { createRates } from "./rates.ts";
import type { WorkerProcess } from "./worker.ts";

const EVERY_MS = 1_000;
/** Rows are counted for so small a share of the time, since that takes long in a large table. */
const COUNTING_SHARE = 0.05;
/** How long counting the rows of a table may take, in ms. */
const COUNTING_MS = 10_000;

/** A stream with the workers that serve it. */
export interface Line {
  readonly stream: Stream;
  /** Absent if workers make the messages themselves. */
  readonly producer?: WorkerProcess;
  /** It may serve several lines. */
  readonly consumer: WorkerProcess;
}

/** The workers of all lines, from the exchange to the database. */
export function workersOf(lines: readonly Line[]): WorkerProcess[] {
  return [
    ...new Set(lines.flatMap(({ producer, consumer }) => producer ? [producer, consumer] : [consumer])),
  ];
}

/** Knows how the pipeline is doing. */
export interface Monitor extends AsyncDisposable {
  /** Watches until the signal is aborted, and calls `onLook` about once a second. */
  watch(signal: AbortSignal, onLook: () => void): Promise<void>;
  /** How it was at the last look. */
  picture(): Picture;
  /** Messages on Kafka that are not stored yet. */
  behind(): Promise<number>;
  /** Asks the workers now. */
  poll(): Promise<void>;
  /** Counts gaps for the last time: once the producers stop, every feed has an open one. */
  keepGaps(): Promise<void>;
  /** Counts the rows, and the candles that were audited, now. Returns whether all could be counted. */
  countRows(): Promise<boolean>;
}

/** Watches the lines, other workers and the servers that were started here, with connections of its own to Kafka and to the database. */
export function createMonitor(
  lines: readonly Line[],
  others: readonly WorkerProcess[],
  servers: readonly KeptServer[],
  config: Config,
  log: Log,
): Monitor {
  const kafka = openKafka(config.kafka, log);
  const sql = connectLasting({ ...config.database, applicationName: "bookline up" }, log, 1);
  const rows = new Map<Stream, number | null>();
  const behind = new Map<Stream, number | null>();
  let gaps: GapCounts | null = null;
  let audit: AuditCounts | null = null;
  let isStopping = false;
  const workers = [...workersOf(lines), ...others];
  /** Whatever is kept running. */
  const all = () => [
    ...servers.map(({ name, trouble, restarts }) => ({ name, trouble, restarts })),
    ...workers.map(({ task, trouble, restarts }) => ({ name: task, trouble, restarts })),
  ];

  const rates = createRates();
  const poll = async () => {
    await Promise.all(workers.map((worker) => worker.poll()));
    for (const { stream: { message: { name } }, producer, consumer } of lines) {
      const { counts } = (producer ?? consumer).totalsOf(name);
      rates.note(name, counts[producer ? "received" : "stored"] ?? 0);
    }
  };
  const countRows = async () => {
    for (const { stream } of lines) {
      try {
        const [, [{ count }]] = await sql.unsafe(
          `set statement_timeout = ${COUNTING_MS}; select count(*) from ${config.database.schema}."${stream.message.topic}"`,
        ).simple();
        rows.set(stream, Number(count));
      } catch (error) {
        log.debug("rows not counted", { error });
        rows.set(stream, null);
      }
    }
    audit = await countAudit(sql, config.database.schema).catch((error) => {
      log.debug("audited candles not counted", { error });
      return null;
    });
    return audit !== null && lines.every(({ stream }) => rows.get(stream) !== null);
  };
  const lookAtGaps = async () => {
    const counts = await countGaps(sql, config.database.schema).catch((error) => {
      log.debug("gaps not counted", { error });
      return null;
    });
    if (!isStopping) gaps = counts;
  };
  const countBehind = async () => {
    for (const { stream } of lines) {
      const { kafka: names } = config;
      behind.set(
        stream,
        await kafka.messagesBehind(groupName(names, stream.message), topicName(names, stream.message)),
      );
    }
    return [...behind.values()].reduce<number>((sum, one) => sum + (one ?? 0), 0);
  };

  /** Repeats a look that may fail, such as while a server is away. */
  const repeat = async (
    signal: AbortSignal,
    look: () => Promise<unknown>,
    pause: (took: number) => number,
  ) => {
    while (!signal.aborted) {
      const startedAt = performance.now();
      await look().catch((error) => log.debug("a look failed", { error }));
      await sleep(pause(performance.now() - startedAt), signal);
    }
  };

  const pictureOf = ({ stream, producer, consumer }: Line): StreamPicture => {
    const stored = consumer.totalsOf(stream.message.name);
    return {
      name: stream.message.name,
      isProduced: producer !== undefined,
      counts: streamCounts(
        producer?.totalsOf(stream.message.name) ?? nothing,
        stored,
        rows.get(stream) ?? null,
      ),
      rate: rates.of(stream.message.name),
      behind: behind.get(stream) ?? null,
      delays: stored.delays,
      recentDelays: stored.recentDelays,
    };
  };

  const troublesNow = () => {
    const troubles = all().flatMap(({ name, trouble }) => trouble ? [`${name}: ${trouble}`] : []);
    const buffered = workers.flatMap(({ totals }) => totals).reduce(
      (sum, { counts }) => sum + (counts.buffered ?? 0),
      0,
    );
    if (troubles.length === 0 || buffered === 0) return troubles;
    return [
      ...troubles,
      `${formatCount(buffered)} messages are only in the producers' memory until Kafka has them`,
    ];
  };

  /** The first stream's price counts for more: a candle's close was traded at, a bid was not. */
  const prices = () => {
    const last: Record<string, string> = Object.assign(
      {},
      ...workers.flatMap(({ totals }) => totals).map(({ prices }) => prices).reverse(),
    );
    return Object.fromEntries(
      config.symbols.flatMap((symbol) => last[symbol] ? [[symbol, last[symbol]]] : []),
    );
  };

  return {
    async watch(signal, onLook) {
      await Promise.all([
        repeat(signal, () => poll().then(onLook), (took) => EVERY_MS - took),
        repeat(signal, () => countBehind().catch(() => behind.clear()), () => EVERY_MS),
        repeat(signal, lookAtGaps, () => EVERY_MS),
        repeat(signal, countRows, (took) => Math.max(EVERY_MS, took / COUNTING_SHARE)),
      ]);
    },
    picture: () => ({
      streams: lines.map(pictureOf),
      gaps,
      audit,
      prices: prices(),
      troubles: troublesNow(),
      restarts: Object.fromEntries(
        all().flatMap(({ name, restarts }) => restarts > 0 ? [[name, restarts]] : []),
      ),
    }),
    behind: countBehind,
    async keepGaps() {
      await lookAtGaps();
      isStopping = true;
    },
    poll,
    countRows,
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
}
