import type { z } from "zod";
import type { ColumnFor } from "./columns.ts";
import type { Values, Variables } from "./config/variables.ts";
import type { Market, RestPaths } from "./exchange/markets/mod.ts";

/** What a message of a stream may have beside its own fields. */
export interface StreamMessage {
  readonly symbol?: string;
  /** When a producer received it, in ms since the epoch; other programs' messages may lack it. */
  readonly receivedAt?: number;
  readonly [field: string]: unknown;
}

/** A message that the exchange sent. */
export interface ExchangeMessage extends StreamMessage {
  readonly symbol: string;
  /** The exchange's time of the event, in ms since the epoch. */
  readonly eventTime: number;
}

/**
 * One kind of data with one topic and one table, in three parts: what travels on Kafka, how the exchange sends it, and how it is
 * stored. `produce` reads the first two, a sink the first and the last. A stream whose old data the exchange publishes as files has a
 * fourth part, which `history` reads. No loop knows a stream by name.
 */
export interface Stream<M extends StreamMessage = StreamMessage> {
  readonly message: MessageType<M>;
  /** Absent if workers make the messages themselves. */
  readonly feed?: Feed<M>;
  readonly storage: Storage<M>;
  /** Absent if the exchange publishes no files of it. */
  readonly archive?: Archive<M>;
}

/** The messages of a stream. */
export interface MessageType<M extends StreamMessage = StreamMessage> {
  /** Names the tasks (`kline:produce`), the consumer group and the counts. */
  readonly name: string;
  /** The topic's name and the table's. */
  readonly topic: string;
  /** The fields in the order in which producers write them. */
  readonly schema: z.ZodObject;
  /** The JSON text that travels on Kafka ↔ the message. */
  readonly codec: z.ZodType<M, string>;
  /** Messages that have these fields in common are versions of one row. */
  readonly key: readonly (keyof M & string)[];
  /** Of two versions the greater in these fields, compared in turn, is the newer one; of equals the stored one stays. See `order.ts`. */
  readonly version: readonly (keyof M & string)[];
  /** Fields that a newer version leaves as they were where it has null. */
  readonly kept?: readonly (keyof M & string)[];
  /** What a producer's full buffer does: keep the newest version of each row, or drop the oldest message. */
  readonly overflow: "merge" | "drop";
  /** The price to show for the symbol, a decimal string. */
  readonly lastPrice?: (message: M) => string;
}

/** How the exchange sends a stream. */
export interface Feed<M, W extends z.ZodType = z.ZodType, O extends Variables = Variables> {
  /** The kind of connection that carries it; the market knows the path. */
  readonly route: keyof Market["routes"];
  /** Variables of the environment that this stream alone reads. */
  readonly options: O;
  /** The feeds of one symbol, lower case as Binance wants them: `btcusdt@kline_1m`. */
  subscriptions(symbol: string, options: Values<O>): string[];
  /** The feed that a message came on. */
  readonly feedOf: (message: M) => string;
  /** What a frame's payload must look like; unknown fields are ignored. */
  readonly wire: W;
  /** The messages of a payload: none, one or several. */
  readonly toMessages: (payload: z.output<W>, receivedAt: number) => readonly M[];
  /** A text that is the same for one message on every connection, and differs for any other message. */
  readonly identity: (message: M) => string;
  /**
   * What it means if one feed is silent while its connection works. `trades`: the feed is dead if its symbol trades meanwhile.
   * `always`: the feed is dead. `unknown`: nothing can be said.
   */
  readonly silence: "trades" | "always" | "unknown";
  /** How REST tells that nothing has happened on a silent feed; absent where it can't, or where silence tells nothing. */
  readonly confirmation?: Confirmation<M>;
  /** How REST gives what was missed; absent where it can't. */
  readonly refill?: Refill<M>;
  /** A frame of the form that the exchange sends today. */
  readonly sample: string;
}

/** How REST gives messages that were missed. Each has a position within its feed: a time in ms, or an id that rises by 1. */
export interface Refill<M, R extends z.ZodType = z.ZodType> {
  /** The path that is asked; the market knows how many rows an answer has, and what it costs. */
  readonly path: "klines" | "aggTrades";
  /** What names the feed in a request. */
  query(symbol: string, feed: string): Record<string, string>;
  /** What positions are. */
  readonly by: "time" | "id";
  /** A row of the answer. Unknown fields are ignored. */
  readonly row: R;
  /** The message of a row that was fetched at `fetchedAt`, in ms since the epoch. */
  toMessage(row: z.output<R>, symbol: string, feed: string, fetchedAt: number): M;
  readonly positionOf: (message: M) => number;
  /** The position that follows the message's. */
  readonly nextOf: (message: M) => number;
}

/** A look by REST at what a symbol has. */
export interface Confirmation<M> {
  /** The path that is asked, with the symbol. */
  readonly path: keyof RestPaths;
  /**
   * Whether the answer shows that nothing happened on the feed after its last message, or where none has come, after `since`. Of all
   * times the exchange's in ms; `until` is when the answer was made, or later.
   */
  isQuiet(answer: unknown, last: M | undefined, since: number, until: number): boolean;
}

/** How the exchange's public archive has a stream: zip files of comma-separated lines, one a symbol and day or month. */
export interface Archive<M> {
  /** The kind of the files, as their paths name it. */
  readonly kind: string;
  /** The names of the columns, in order. Binance: the headers of the files; some files have none. */
  readonly columns: readonly string[];
  /** The intervals that the stream's own options name; absent if there are no files by interval. Where there are, the lines are candles. */
  readonly intervals?: (options: Values<Variables>) => readonly string[];
  /**
   * Whether a month is read as one file. A file is stored by one transaction, so a stream with millions of rows a day is read by days.
   */
  readonly byMonth: boolean;
  /** The time by which a line belongs to a file. */
  readonly time: keyof M & string;
  /** The field that numbers the rows of a symbol; absent where the lines are candles, which follow each other by their times. */
  readonly id?: keyof M & string;
  /**
   * The function of the database that returns the times of those rows of a symbol, interval, and time (since, until) that are proven: a
   * file's lines do not replace them.
   */
  readonly proven?: string;
  /** The function that returns the times of those that were not compared with REST's rows yet; absent where they can't be. */
  readonly uncompared?: string;
  /**
   * The message of a line, which has as many fields as there are columns.
   * @throws {RangeError} if a field is not what its column must be
   */
  toMessage(fields: readonly string[], of: ArchivedLine): M;
}

/** What a line of the archive does not say itself. */
export interface ArchivedLine {
  readonly symbol: string;
  /** Empty if the stream has none. */
  readonly interval: string;
  /** When its file was fetched, in ms since the epoch. */
  readonly fetchedAt: number;
}

/** How a stream's messages are stored: one row a key. Data only: the sink makes the SQL. */
export interface Storage<M> {
  /** Each field of the message with its column's type, in the message's order. The column is the field in snake_case. */
  readonly columns: { readonly [F in keyof M]: ColumnFor<M[F]> };
  /** The number of the migration that the workers of this stream need. */
  readonly migration: number;
  /** The time by whose UTC day the table is partitioned. Messages older than the table's retention are not written. */
  readonly partitionedBy?: keyof M & string;
  /** What is computed from the rows of each second, and computed again after a row of that second is written. */
  readonly rollup?: Rollup<M>;
  /** Periodic work in the database. */
  readonly jobs?: readonly StoredJob[];
  /**
   * The function that is told once a second that a partition of the topic is stored up to its end, by the partition's number, the
   * number of partitions, and how many ms ago that was its end.
   */
  readonly noteRead?: string;
}

/** Periodic work that a function of the database does; any number of consumers may call it at once. */
export interface StoredJob {
  readonly name: string;
  /** The pause between the end of one round and the start of the next, in ms. */
  readonly everyMs: number;
  /** The function. It takes no arguments and returns the columns of a `Round`; see `consumers/postgres/jobs.ts`. */
  readonly run: string;
}

/** The names in the database of what computes the seconds of a table. */
export interface Rollup<M> {
  /** The time whose second a row belongs to. */
  readonly by: keyof M & string;
  /** The table of the seconds that must be computed again; its only column is `second`. */
  readonly stale: string;
}
