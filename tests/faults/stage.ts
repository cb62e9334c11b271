import { createRandom, type Random } from "../../local/exchange/market/random.ts";
import { type Exchange, startExchange } from "../../local/exchange/server.ts";
import { migrate } from "../../migrations/run.ts";
import { type Config, readConfig } from "../../shared/config/config.ts";
import { deadLetterTopic, type Kafka, openKafka, topicName } from "../../shared/kafka/mod.ts";
import { connect, createDatabase, type Sql } from "../../shared/postgres/mod.ts";
import { book } from "../../shared/streams/book.ts";
import { coverage } from "../../shared/streams/coverage.ts";
import { kline } from "../../shared/streams/kline.ts";
import { trade } from "../../shared/streams/trade.ts";
import { silent } from "../silent.ts";
import { until } from "../until.ts";
import { createWorkers, type Workers } from "./workers.ts";
import type { Servers } from "./servers.ts";
import { schema } from "../stack.ts";

/** What a stage is to be like. */
export interface Setting {
  readonly seed: number;
  /** Messages a second over all streams. */
  readonly rate: number;
  readonly symbols: readonly string[];
  /** Variables of all workers. */
  readonly variables?: Record<string, string>;
  /** Variables of each producer; by default there is one without any. */
  readonly producers?: readonly Record<string, string>[];
  /** Workers that repair gaps; by default none. Where there are some, trades come, too. */
  readonly repairs?: number;
  /** Whether symbols pass minutes without a trade, as in the simulated market by default. */
  readonly quietMinutes?: boolean;
}

/** A pipeline that runs: exchange, topics, database and workers. */
export interface Running {
  readonly streams: readonly PlayedStream[];
  readonly exchange: Exchange;
  readonly sql: Sql;
  readonly kafka: Kafka;
  readonly config: Config;
  readonly workers: Workers;
  /** What should not be, in words. */
  readonly problems: string[];
}

/** A whole pipeline of its own on servers of its own, with one worker of each task. */
export interface Stage extends Running, AsyncDisposable {
  readonly servers: Servers;
  /** The environment of its workers. */
  readonly settings: Record<string, string>;
  readonly random: Random;
}

export const streams = [kline, book, coverage];
type PlayedStream = (typeof streams)[number] | typeof trade;

export const consumeTasks = consumeTasksOf({ streams });
export const produceTasks = produceTasksOf({ streams });

function consumeTasksOf({ streams }: Pick<Running, "streams">): string[] {
  return streams.map(({ message }) => `${message.name}:consume`);
}

/** The tasks that produce the streams of a stage. */
export function produceTasksOf({ streams }: Pick<Running, "streams">): string[] {
  return streams.filter(({ feed }) => feed !== undefined).map(({ message }) => `${message.name}:produce`);
}

/** Waiting for what takes seconds on a machine that does nothing else, in ms. */
export const LIMIT_MS = 240_000;

/** Sets a stage up on servers that run; the exchange plays once all producers are subscribed. */
export async function openStage(servers: Servers, setting: Setting): Promise<Stage> {
  const { seed, rate, symbols, variables = {}, producers = [{}], repairs = 0, quietMinutes } = setting;
  const played = repairs > 0 ? [...streams, trade] : streams;
  const name = `stage_${crypto.randomUUID().replaceAll("-", "")}`;
  await using parts = new AsyncDisposableStack();
  const feed = { kind: "simulated", symbols, intervals: ["1m"], rate, seed, quietMinutes } as const;
  const exchange = parts.use(await startExchange({ feed, paused: true }));
  const settings = {
    ...{ BINANCE_WS_URL: exchange.wsUrl, BINANCE_REST_URL: exchange.url, SYMBOLS: symbols.join() },
    ...{ BOOTSTRAP_SERVER: servers.kafka.bootstrap, TOPIC_PREFIX: `${name}.`, ...variables },
    DB_URL: Object.assign(new URL(servers.postgres.url), { pathname: name }).href,
  };
  const config = readConfig(settings);

  await createDatabase(config.database, silent);
  const sql = connect(config.database, silent, 4);
  parts.defer(() => sql.end({ timeout: 5 }));
  await migrate(sql, schema, silent);
  const kafka = openKafka(config.kafka, silent);
  const topics = played.map((stream) => topicName(config.kafka, stream.message)).flatMap(
    (topic) => [topic, deadLetterTopic(topic)],
  );
  parts.defer(() => kafka.remove(topics, []).catch(() => {}));

  const problems: string[] = [];
  const workers = parts.use(createWorkers(settings, (words) => problems.push(words)));
  servers.tenants.add(workers);
  parts.defer(() => void servers.tenants.delete(workers));
  const tasks = produceTasksOf({ streams: played });
  for (const task of consumeTasksOf({ streams: played })) workers.start(task);
  for (const own of producers) for (const task of tasks) workers.start(task, own);
  for (let n = 0; n < repairs; n++) workers.start("repair");
  // What is sent before a producer of the feed is subscribed is told by nobody.
  const wanted = producers.map(({ SYMBOLS }) => SYMBOLS?.split(",").length ?? symbols.length);
  await untilStreams(exchange, tasks.length * wanted.reduce((sum, count) => sum + count));
  await until("the workers to make their topics", async () => {
    const there = await kafka.listTopics();
    return topics.every((topic) => there.includes(topic));
  }, LIMIT_MS);
  exchange.start();

  const kept = parts.move();
  const rest = {
    streams: played,
    exchange,
    servers,
    sql,
    kafka,
    config,
    settings,
    workers,
    random: createRandom(seed),
    problems,
  };
  return { ...rest, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Waits until so many clients of each stream are subscribed. `kinds`: how many streams there are. */
export async function untilSubscribed(
  exchange: Exchange,
  { symbols }: Config,
  clients: number,
  kinds = produceTasks.length,
): Promise<void> {
  await untilStreams(exchange, clients * symbols.length * kinds);
}

/** Waits until clients are subscribed to so many feeds, each counted as often as it is subscribed. */
async function untilStreams(exchange: Exchange, count: number): Promise<void> {
  await until("the producers to subscribe", () => {
    return exchange.status().connections.flatMap(({ streams }) => streams).length >= count;
  }, LIMIT_MS);
}

/**
 * Waits until of each symbol a message is stored that was received after `since`, and returns how long after it that was,
 * in ms.
 */
export async function recovery({ sql, config, workers }: Running, since: number): Promise<number> {
  const after = new Date(since);
  await until("what is received to be stored", async () => {
    if (workers.fallen.length > 0) throw new Error(workers.fallen.join("\n"));
    try {
      const [{ books, candles }] = await sql`
        select
          (select count(*) filter (where received_at > ${after})
            from unnest(${config.symbols}::text[]) as symbol cross join lateral (
              select received_at from websocket.order_book_data as one
              where one.symbol = symbol.symbol order by update_id desc limit 1
            ) as newest) as books,
          (select max(received_at) > ${after} from websocket.kline_data) as candles`;
      return candles && Number(books) === config.symbols.length;
    } catch {
      return false; // the database is away
    }
  }, LIMIT_MS);
  return Date.now() - since;
}
