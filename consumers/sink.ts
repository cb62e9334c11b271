import { describe, type Log } from "../shared/log.ts";
import type { Database } from "../shared/database_url.ts";
import { connectLasting, isFaultOfContent, type Sql } from "../shared/postgres.ts";
import { requireSchema } from "../shared/schema.ts";
import { columnName, type Stream } from "../shared/stream.ts";
import { createEncoder } from "./binary.ts";
import { copyIn } from "./copy.ts";

type Message = { symbol: string };

/** A row that the database refuses for what it holds: which of those that were given, and why. */
export interface Refused {
  readonly index: number;
  readonly cause: string;
}

/** Stores a stream's messages. */
export interface Sink<M extends Message> extends AsyncDisposable {
  readonly sql: Sql;
  /** How many writes may be under way at once. */
  readonly width: number;
  /** @throws {SchemaError} where the schema is older than the stream needs */
  open(): Promise<void>;
  /**
   * Upserts messages of distinct keys and returns those that the database refuses for what they hold, by their place among
   * them. `load` is called again where the messages are needed again: each is encoded as soon as it is there, and nobody
   * holds it, so that it is cleared away young. Holding them cost a third of the consumer's speed.
   * @throws {Error} any that is not of a row's content; writing the same messages again is right then
   */
  write(load: () => Iterable<M>): Promise<Refused[]>;
}

/** Batches that go by way of the staging table after one that held a row already stored. */
const CAUTIOUS_BATCHES = 100;

/** Opens the stream's table; it connects at the first use. */
export function createSink<M extends Message>(stream: Stream<M>, database: Database, log: Log): Sink<M> {
  // Rows that are never replaced can be copied straight in, 1.6 times as fast as by way of a staging table, and the next
  // write be made ready and sent while the database works at one. Two that replace the same rows would lock each other out.
  const straight = stream.table.version.length === 0;
  const width = straight ? 2 : 1;
  const sql = connectLasting(database, log, width);
  // One for each write under way: its bytes are good until it encodes anew.
  const encoders = Array.from({ length: width }, () => createEncoder(stream));
  const statements = sqlOf(stream);
  const { alongside } = stream.table;
  let cautious = 0;

  const copy = (messages: Iterable<M>, statement: string): Promise<void> => {
    const encode = encoders[encoders.length - 1];
    const parts = new Set<number>();
    // Should this throw, the encoder stays.
    const bytes = encode(messages, alongside && ((message) => parts.add(alongside.part(message))));
    if (!bytes) return Promise.resolve();
    encoders.pop();
    const before = alongside ? `${alongside.statement(parts)};` : "";
    return copyIn(sql, before + statement, bytes).finally(() => encoders.push(encode));
  };

  /** Stores what can be stored, by halves. */
  const sift = async (messages: readonly M[], from = 0): Promise<Refused[]> => {
    try {
      await copy(messages, statements.upsert);
      return [];
    } catch (error) {
      if (!isFaultOfContent(error)) throw error;
      if (messages.length === 1) return [{ index: from, cause: describe(error) }];
      const middle = messages.length >> 1;
      const first = await sift(messages.slice(0, middle), from);
      return [...first, ...await sift(messages.slice(middle), from + middle)];
    }
  };

  const write = async (load: () => Iterable<M>): Promise<Refused[]> => {
    const isStraight = straight && cautious === 0;
    cautious = Math.max(0, cautious - 1);
    try {
      await copy(load(), isStraight ? statements.copy : statements.upsert);
      return [];
    } catch (error) {
      if (!isFaultOfContent(error)) throw error;
      if ((error as { code?: string }).code === "23505") cautious = CAUTIOUS_BATCHES;
      return await sift([...load()]);
    }
  };

  return {
    sql,
    width,
    open: () => requireSchema(sql, stream.table.migration),
    write,
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
}

/** The statements that store a stream, from its table alone. */
export function sqlOf<M extends Message>({ topic, table }: Stream<M>) {
  const names = (fields: readonly string[]) => fields.map((field) => `"${columnName(field)}"`);
  const fields = Object.keys(table.columns);
  const columns = names(fields).join(", ");
  const target = `websocket."${topic}"`;
  const staged = `"${topic}_staged"`;
  const versionOf = (row: string) => `(${names(table.version).map((name) => `${row}.${name}`).join(", ")})`;
  const replaced = names(fields.filter((field) => !(table.key as readonly string[]).includes(field)));
  const conflict = table.version.length === 0
    ? "do nothing"
    : `do update set ${replaced.map((name) => `${name} = excluded.${name}`).join(", ")} where ${
      versionOf("excluded")
    } > ${versionOf("stored")}`;
  // Statements sent as one are one transaction, and the copy among them takes the rows. postgres.js' own `begin` can't be
  // used: when the connection is lost, its rollback ends the process.
  return {
    copy: `copy ${target} (${columns}) from stdin (format binary)`,
    upsert: `
      create temp table if not exists ${staged} (like ${target}) on commit delete rows;
      copy ${staged} (${columns}) from stdin (format binary);
      insert into ${target} as stored (${columns}) select ${columns} from ${staged}
        on conflict (${names(table.key).join(", ")}) ${conflict}`,
  };
}
