import type { Database } from "../../shared/postgres/url.ts";
import type { Log } from "../../shared/log.ts";
import { connectLasting, type Sql } from "../../shared/postgres/mod.ts";
import { isCancelled, isRefusal, isTransient } from "../../shared/postgres/error.ts";
import { ownSettings } from "../../shared/postgres/transaction.ts";
import { requireSchema, requireServer } from "../../shared/postgres/schema.ts";
import { columnName, type Stream } from "../../shared/stream.ts";
import { createEncoder } from "./binary.ts";
import { copyIn } from "./copy.ts";
import { isolateRefused, type Refused } from "./isolate.ts";
import { requireTable } from "./table_check.ts";

type Message = { symbol: string };

/** Stores a stream's messages. */
export interface Sink<M extends Message> extends AsyncDisposable {
  readonly sql: Sql;
  /** How many writes may be under way at once. */
  readonly width: number;
  /** @throws {SchemaError} if the server, the schema or the table is not what the stream needs */
  open(): Promise<void>;
  /**
   * Upserts messages of distinct keys and returns those that the database refuses because of their content, by their place among
   * them. `load` is called again where the messages are needed again: each is encoded as soon as it is there, and nobody
   * holds it, so that it is cleared away young. Holding them cost a third of the consumer's speed.
   * @throws {RefusedError} if most are refused
   * @throws {SchemaError} if the table is no longer what the stream needs
   * @throws {Error} any other error that a row's content does not cause. After each of them the same messages may be written again
   */
  write(load: () => Iterable<M>): Promise<Refused[]>;
}

/** Batches that go by way of the staging table after one that held a row already stored. */
const CAUTIOUS_BATCHES = 100;

/** How often the table is checked, in ms: a user may alter it at any time. */
const CHECK_MS = 10_000;

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
  let checkedAt = -Infinity;

  const copy = (messages: Iterable<M>, statement: string): Promise<void> => {
    const encode = encoders[encoders.length - 1];
    const parts = new Set<number>();
    // Should this throw, the encoder stays.
    const bytes = encode(messages, alongside && ((message) => parts.add(alongside.part(message))));
    if (!bytes) return Promise.resolve();
    encoders.pop();
    const before = alongside ? `${alongside.statement(parts)};` : "";
    return copyIn(sql, ownSettings + before + statement, bytes).finally(() => encoders.push(encode));
  };

  const check = async () => {
    await requireTable(sql, stream);
    checkedAt = performance.now();
  };
  const open = async () => {
    await requireServer(sql);
    await requireSchema(sql, stream.table.migration);
    await check();
  };

  const tryWrite = async (load: () => Iterable<M>): Promise<Refused[]> => {
    const isStraight = straight && cautious === 0;
    cautious = Math.max(0, cautious - 1);
    try {
      await copy(load(), isStraight ? statements.copy : statements.upsert);
      return [];
    } catch (error) {
      if (!isRefusal(error) && !isCancelled(error)) throw error;
      if ((error as { code?: string }).code === "23505") cautious = CAUTIOUS_BATCHES;
      await check();
      return await isolateRefused([...load()], (part) => copy(part, statements.upsert));
    }
  };

  const write = async (load: () => Iterable<M>): Promise<Refused[]> => {
    try {
      // A column of another type may store another number without an error.
      if (performance.now() - checkedAt > CHECK_MS) await check();
      return await tryWrite(load);
    } catch (error) {
      // If a user altered the table, that explains an error that does not pass.
      if (!isTransient(error)) await open();
      throw error;
    }
  };

  return {
    sql,
    width,
    open,
    write,
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
}

/** The statements that store a stream, from its table alone. */
export function sqlOf<M extends Message>({ topic, table }: Stream<M>) {
  const names = (fields: readonly string[]) => fields.map((field) => `"${columnName(field)}"`);
  const fields = Object.keys(table.columns);
  const columns = names(fields).join(", ");
  const typed = Object.entries(table.columns).map(([field, type]) => `"${columnName(field)}" ${type}`);
  const target = `websocket."${topic}"`;
  // The migration's number, as behind a pooler a session may have the table of an older worker.
  const staged = `pg_temp."${topic}_staged_${table.migration}"`;
  const versionOf = (row: string) => `(${names(table.version).map((name) => `${row}.${name}`).join(", ")})`;
  const replaced = names(fields.filter((field) => !(table.key as readonly string[]).includes(field)));
  const conflict = table.version.length === 0
    ? "do nothing"
    : `do update set ${replaced.map((name) => `${name} = excluded.${name}`).join(", ")} where ${
      versionOf("excluded")
    } > ${versionOf("stored")}`;
  // Statements sent as one are one transaction, and the copy among them takes the rows. postgres.js' own `begin` can't be
  // used: when the connection is lost, its rollback ends the process.
  // The staging table has the stream's columns and no constraints. It is empty between transactions, so it does not matter
  // whose session a pooler gives us. Creating it for each batch would cost 22 KB of WAL each time.
  return {
    copy: `copy ${target} (${columns}) from stdin (format binary)`,
    upsert: `
      create temp table if not exists ${staged} (${typed.join(", ")}) on commit delete rows;
      copy ${staged} (${columns}) from stdin (format binary);
      insert into ${target} as stored (${columns}) select ${columns} from ${staged}
        on conflict (${names(table.key).join(", ")}) ${conflict}`,
  };
}
