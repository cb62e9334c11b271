import type { z } from "zod";
import type { Sql } from "./postgres/mod.ts";

/** The PostgreSQL types that columns have, each with the JavaScript type of its field. */
export interface ColumnTypes {
  text: string;
  numeric: string;
  bigint: number | null;
  timestamptz: number;
  boolean: boolean;
}

type ColumnFor<V> = { [T in keyof ColumnTypes]: V extends ColumnTypes[T] ? T : never }[keyof ColumnTypes];

/** How a stream's messages are stored: one row a key, in schema `websocket`. */
export interface Table<M> {
  /** Each field of the message with its column's type, in the message's order. The column is the field in snake_case. */
  readonly columns: { readonly [F in keyof M]: ColumnFor<M[F]> };
  readonly key: readonly (keyof M & string)[];
  /** Of two rows with one key the greater in these fields, compared in turn, wins; on a tie the stored one stays. */
  readonly version: readonly (keyof M & string)[];
  /** The number of the migration that the workers of this stream need. */
  readonly migration: number;
  /**
   * Messages whose `field` is before `since` (ms since the epoch, as the database says) are counted as expired and not written.
   * Queried every minute, since it moves.
   */
  readonly expires?: {
    readonly field: keyof M & string;
    readonly since: (sql: Sql) => Promise<number>;
  };
  /** What is run before messages are written, in the same transaction: a statement made of the distinct `part`s of them. */
  readonly alongside?: {
    readonly part: (message: M) => number;
    readonly statement: (parts: ReadonlySet<number>) => string;
  };
  /** What the consumers see to at intervals, beside the writing of rows and on other connections. */
  readonly upkeep?: readonly Upkeep[];
}

/** A job of the database. Any number of consumers may run it at once; a round that fails for a lock is repeated by the next one. */
export interface Upkeep {
  readonly name: string;
  /** The pause between the end of one round and the start of the next; the first starts at once. */
  readonly everyMs: number;
  /** Gives one row, within seconds: a `Round`. */
  readonly statement: string;
}

/** What a round of a job answers. */
export interface Round {
  /** What it did, in words for the log or as a count; null once nothing is left to do at once. */
  readonly done: unknown;
  /** What waits for something, in words. */
  readonly warning?: string | null;
  /** What can't be done, in words. */
  readonly failure?: string | null;
  /** Why the worker is not ready, in words. */
  readonly trouble?: string | null;
}

/** How a stream is read from the exchange. Binance: "USDⓈ-M Futures, WebSocket Market Streams". */
export interface ExchangeSide<M, W extends z.ZodType = z.ZodType> {
  readonly route: "market" | "public";
  /** Stream names of one symbol, lower case as Binance wants them: `btcusdt@kline_1m`. */
  readonly subscriptions: (symbol: string, intervals: readonly string[]) => string[];
  /** That one of them on which the message came. */
  readonly subscriptionOf: (message: M) => string;
  /** What a frame's payload must look like; unknown fields are ignored. */
  readonly wire: W;
  readonly toMessage: (payload: z.output<W>, receivedAt: number) => M;
  /** The same for a message on whichever connection it comes, and for no other message. */
  readonly identity: (message: M) => string;
  /** A frame of the form that the exchange sends today. */
  readonly sample: string;
}

/**
 * All that is true of one stream alone. `produce(stream)` and `consume(stream)` are the only loops, and they know no
 * stream by name.
 */
export interface Stream<M extends { symbol: string } = { symbol: string }> {
  /** Names the tasks (`kline:produce`), the consumer group and the counts. */
  readonly name: string;
  /** The topic's name and the table's. */
  readonly topic: string;
  /** The JSON text that travels on Kafka ↔ the message. */
  readonly codec: z.ZodType<M, string>;
  readonly table: Table<M>;
  /** Absent where workers make the messages themselves. */
  readonly exchange?: ExchangeSide<M>;
  /** The price to show for the symbol, a decimal string. */
  readonly lastPrice?: (message: M) => string;
  /** What a producer's full buffer does: keep the newest message per key, or drop the oldest. */
  readonly overflow: "merge" | "drop";
}

/** `openTime` → `open_time`. */
export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
}

/** The identity of a message's row, as text: its key's fields. */
export function rowKey<M extends { symbol: string }>(stream: Stream<M>, message: M): string {
  return stream.table.key.map((field) => message[field]).join(" ");
}

/** Whether `a` is to replace `b`, a message of the same key. The same order as the upsert's. */
export function isNewer<M extends { symbol: string }>(stream: Stream<M>, a: M, b: M): boolean {
  for (const field of stream.table.version) {
    if (a[field] !== b[field]) return a[field] > b[field];
  }
  return false;
}
