import type { SimulatedFeed } from "../local/exchange/feed.ts";
import { type Exchange, startExchange } from "../local/exchange/server.ts";
import { topicName } from "../shared/kafka/mod.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import type { ExchangeMessage, MessageType, Stream, StreamMessage } from "../shared/stream.ts";
import { until } from "./until.ts";
import { testKafka } from "./stack.ts";
import { startWorker, type TestWorker } from "./worker.ts";
import { withRoles } from "./with_roles.ts";

export const MINUTE = 60_000;
export const symbols = ["BTCUSDT", "ETHUSDT"];

/** The feed of a symbol's candles. */
export const feedOf = (symbol: string) => `${symbol.toLowerCase()}@kline_1m`;

/** Puts a gap into the ledger; times are ms since the epoch. */
export const addGap = (sql: Sql, stream: string, feed: string, symbol: string, from: number, to: number) =>
  sql`
    insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason)
    values (${stream}, ${feed}, ${symbol}, ${new Date(from)}, ${new Date(to)}, 'lost connection')`;

/** A simulated exchange with a past, an empty database, and what repairs it. */
export interface Stage extends AsyncDisposable {
  readonly exchange: Exchange;
  readonly sql: Sql;
  /** When the market's past began, ms since the epoch: a whole minute. */
  readonly since: number;
  /** Starts a worker, with the rights of the workers' role. */
  start(task: string, env?: Record<string, string>): TestWorker;
  /** Puts a gap into the ledger: of the candles of a symbol, from 2 s into a minute of the past on and before another one. */
  candleGap(symbol: string, from: number, to: number): Promise<void>;
  /** Puts messages on their stream's topic. */
  send(type: MessageType, messages: readonly StreamMessage[]): Promise<void>;
  /** All messages of a stream of the past. */
  messages<M extends ExchangeMessage>(stream: Stream<M>): Promise<M[]>;
  /** The state of each gap, newest first. */
  states(): Promise<string[]>;
  /** Waits until no gap is unrepaired. */
  settled(): Promise<void>;
}

/** A market that has gone on for so many minutes from `since` on, by default until now; it goes on no more. */
export async function stage(
  minutes = 20,
  rate = 40,
  since = Math.floor(Date.now() / MINUTE) * MINUTE - (minutes + 1) * MINUTE,
): Promise<Stage> {
  await using parts = new AsyncDisposableStack();
  const { database, passwords } = parts.use(await withRoles());
  const { kafka, config } = parts.use(await testKafka());
  const feed: SimulatedFeed = {
    ...{ kind: "simulated", symbols, intervals: ["1m"], rate, seed: 3, startTime: since },
    messages: minutes * 60 * rate,
  };
  const exchange = parts.use(await startExchange({ feed, pace: "max" }));
  await exchange.finished;
  const env = {
    ...{ BOOTSTRAP_SERVER: config.brokers.join(), TOPIC_PREFIX: config.topicPrefix },
    ...{ DB_URL: database.url, DB_USER: "bookline_writer", DB_PASSWORD: passwords.bookline_writer },
    ...{ BINANCE_WS_URL: exchange.wsUrl, BINANCE_REST_URL: exchange.url },
  };
  const { sql } = database;
  const states = async () =>
    (await sql`select state from websocket.gap_data order by started_at desc, feed`).map(({ state }) =>
      state
    );
  const kept = parts.move();
  return {
    ...{ exchange, sql, since, states },
    start: (task, more = {}) => kept.use(startWorker(task, { ...env, ...more })),
    async candleGap(symbol, from, to) {
      const [start, end] = [since + from * MINUTE + 2_000, since + to * MINUTE];
      await addGap(sql, "kline", feedOf(symbol), symbol, start, end);
    },
    async send(type, messages) {
      const topic = topicName(config, type);
      await kafka.ensureTopics([topic]);
      await using producer = kafka.producer(topic);
      await producer.send(
        messages.map((one) => ({ key: one.symbol ?? null, value: type.codec.encode(one) })),
      );
    },
    async messages({ feed }) {
      const all = [];
      for await (const { data } of exchange.truth()) {
        const { data: payload } = feed!.wire.safeParse(data);
        if (payload !== undefined) all.push(...feed!.toMessages(payload, Date.now()));
      }
      return all;
    },
    settled: async () => {
      await until("all gaps to be settled", async () => {
        const all = await states();
        return all.length > 0 && !all.includes("unrepaired");
      });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
