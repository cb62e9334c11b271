import type { Feed } from "../local/exchange/feed.ts";
import { freePort } from "../local/ports.ts";
import { type Exchange, startExchange } from "../local/exchange/server.ts";
import { type Kafka, topicName } from "../shared/kafka/mod.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { book } from "../shared/streams/book.ts";
import { kline } from "../shared/streams/kline.ts";
import { trade } from "../shared/streams/trade.ts";
import { testDatabase, testKafka } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker, type TestWorker } from "./worker.ts";

const streams = { book, kline, trade };
/** The exchange's names of their events. */
const events = { book: "bookTicker", kline: "kline", trade: "aggTrade" };

/** Producers and consumers of some streams between a simulated exchange and a database, all of a test's own. */
export interface Pipeline extends AsyncDisposable {
  readonly sql: Sql;
  readonly env: Record<string, string>;
  readonly workers: Record<string, TestWorker>;
  readonly kafka: Kafka;
  topic(name: keyof typeof streams): string;
  /**
   * Plays the feed to its end on an exchange, always of the same address, and waits until all of it is stored; `prepare`
   * is given the exchange before it plays.
   */
  play(prepare?: (exchange: Exchange) => void): Promise<Exchange>;
}

/** Starts the workers; the exchange they want is there once `play` is called. */
export async function pipeline(names: (keyof typeof streams)[], feed: Feed): Promise<Pipeline> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const { kafka, config } = parts.use(await testKafka());
  const port = freePort();
  const env = {
    BOOTSTRAP_SERVER: config.brokers.join(),
    TOPIC_PREFIX: config.topicPrefix,
    DB_URL: database.url,
    SYMBOLS: feed.symbols.join(),
    BINANCE_WS_URL: `ws://127.0.0.1:${port}`,
    BINANCE_REST_URL: `http://127.0.0.1:${port}`,
  };
  const tasks = names.flatMap((name) => [`${name}:produce`, `${name}:consume`]);
  const workers = Object.fromEntries(tasks.map((task) => [task, parts.use(startWorker(task, env))]));
  const subscriptions = names.flatMap((name) =>
    feed.symbols.flatMap((symbol) => streams[name].feed!.subscriptions(symbol, { KLINE_INTERVALS: ["1m"] }))
  );
  const sent = Object.fromEntries(names.map((name) => [name, 0]));

  const kept = parts.move();
  return {
    sql: database.sql,
    env,
    workers,
    kafka,
    topic: (name) => topicName(config, streams[name].message),
    async play(prepare = () => {}) {
      const exchange = await startExchange({ feed, port, pace: "max", paused: true });
      const subscribed = () => exchange.status().connections.flatMap(({ streams }) => streams).length;
      await until("all subscriptions", () => subscribed() === subscriptions.length);
      prepare(exchange);
      exchange.start();
      await exchange.finished;
      for (const name of names) {
        const { playedByKind, tradeFaults } = exchange.status();
        const omitted = name === "trade" ? tradeFaults.filter(({ fault }) => fault === "omit").length : 0;
        sent[name] += (playedByKind[events[name]] ?? 0) - omitted;
        await until(
          `${name} to be stored`,
          async () => (await workers[`${name}:consume`].report())?.counts.stored === sent[name],
        );
      }
      return exchange;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What a table holds, receipt times included, as one value. */
export async function fingerprint(sql: Sql, table: string): Promise<string> {
  const [{ print }] = await sql`
    select count(*) || ' ' || md5(string_agg(row::text, ',' order by row::text)) as print
    from websocket.${sql(table)} as row`;
  return print;
}
