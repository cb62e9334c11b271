import { groupName, type Incoming, type Kafka, type Outgoing, topicName } from "../shared/kafka/mod.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import type { MessageType } from "../shared/stream.ts";
import { type Book, book } from "../shared/streams/book.ts";
import { readAll } from "./read_all.ts";
import { deleteBefore } from "./retention.ts";
import { testDatabase, testKafka } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker, type TestWorker } from "./worker.ts";

/** A topic that a test fills itself, and a database to consume it into. */
export interface Backlog extends AsyncDisposable {
  readonly sql: Sql;
  readonly kafka: Kafka;
  readonly topic: string;
  readonly databaseUrl: string;
  /** Where Kafka and the database are, for workers and commands. */
  readonly env: Record<string, string>;
  /** Puts messages on the topic, in order. */
  send(messages: readonly Outgoing[]): Promise<void>;
  /** Deletes a partition's messages before the offset, as Kafka's retention does in time. */
  expire(partition: number, offset: number): Promise<void>;
  /** Starts the stream's consumer. */
  consume(env?: Record<string, string>): TestWorker;
  /** Messages that the consumers have not committed yet. */
  behind(): Promise<number>;
  /** All messages of a topic. */
  read(topic: string): Promise<Incoming[]>;
  /** Waits until the table has so many rows. */
  rows(count: number): Promise<void>;
}

/** The topic and the table of a stream, of a test's own. */
export async function backlogOf(
  { message }: { message: Pick<MessageType, "name" | "topic"> },
): Promise<Backlog> {
  await using parts = new AsyncDisposableStack();
  const { sql, url } = parts.use(await testDatabase());
  const { kafka, config } = parts.use(await testKafka());
  const topic = topicName(config, message);
  const producer = parts.use(kafka.producer(topic));
  await kafka.ensureTopics([topic]);
  const env = {
    BOOTSTRAP_SERVER: config.brokers.join(),
    TOPIC_PREFIX: config.topicPrefix,
    DB_URL: url,
  };
  const kept = parts.move();
  return {
    sql,
    kafka,
    topic,
    databaseUrl: url,
    env,
    send: producer.send,
    expire: (partition, offset) => deleteBefore(config, { topic, partition, offset }),
    consume: (more = {}) => startWorker(`${message.name}:consume`, { ...env, ...more }),
    behind: () => kafka.messagesBehind(groupName(config, message), topic),
    read: (topic) => readAll(kafka, topic),
    rows: async (count) => {
      await until(`${count} rows`, async () => {
        const [row] = await sql`select count(*)::int from websocket.${sql(message.topic)}`;
        return row.count === count;
      });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const time = Date.UTC(2026, 9, 1);

/** Book messages with the ids from `first` on, as a producer sends them; of four symbols, so that partitions differ. */
export function ticks(first: number, count: number): Outgoing[] {
  return Array.from({ length: count }, (_, i) => {
    const updateId = first + i;
    const symbol = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT"][updateId % 4];
    const message: Book = {
      symbol,
      updateId,
      transactionTime: time + updateId,
      eventTime: time + updateId + 1,
      receivedAt: Date.now(),
      bidPrice: "61800.20",
      bidQty: "1.500",
      askPrice: "61800.30",
      askQty: "2",
    };
    return { key: symbol, value: book.message.codec.encode(message) };
  });
}
