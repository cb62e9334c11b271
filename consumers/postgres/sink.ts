import type { Config } from "../../shared/config/config.ts";
import { warnOfFormerSettings } from "../../shared/config/former_settings.ts";
import type { Log } from "../../shared/log.ts";
import { connectLasting, type Sql } from "../../shared/postgres/mod.ts";
import { isCancelled, isRefusal, isTransient } from "../../shared/postgres/error.ts";
import { ownSettings } from "../../shared/postgres/transaction.ts";
import { requireSchema, requireServer } from "../../shared/postgres/schema.ts";
import { databaseFault, explained, noAnswer } from "../../shared/postgres/fault.ts";
import type { Stream, StreamMessage } from "../../shared/stream.ts";
import type { Refused, Sink } from "../sink.ts";
import { createEncoder } from "./encoder.ts";
import { copyIn } from "./copy.ts";
import { isolateRefused } from "./isolate.ts";
import { jobConnections, jobsOf } from "./jobs.ts";
import { type Jobs, startJobs } from "./run_jobs.ts";
import { requireTable } from "./table_check.ts";
import { statementsOf } from "./statements.ts";

/** How many batches use the staging table after a batch that held a stored row. */
const CAUTIOUS_BATCHES = 100;

/** How often the table is checked, in ms: a user may alter it at any time. */
const CHECK_MS = 10_000;

/** A database that has not answered for this long is reported, in ms. A wait for a lock fails earlier. */
const SLOW_MS = 12_000;

/** A sink that writes to a table, and its connections. */
export interface PostgresSink<M extends StreamMessage> extends Sink<M> {
  readonly sql: Sql;
}

/**
 * The sink of a stream's table. It connects at the first use. `open` and `write` throw a SchemaError if the server, the schema or the
 * table is not what the stream needs.
 * @throws {Error} if the stream's versions have no order that JavaScript and PostgreSQL share
 */
export function createSink<M extends StreamMessage>(
  stream: Stream<M>,
  database: Config["database"],
  log: Log,
): PostgresSink<M> {
  const statements = statementsOf(stream, database.schema);
  // Rows that are never replaced can be copied straight into the table, which is 1.6 times as fast as a staging table, and two writes
  // can run at the same time. Two writes that replace the same rows would deadlock.
  const straight = stream.message.version.length === 0;
  const width = straight ? 2 : 1;
  const sql = connectLasting(database, log, width);
  const connections = width + jobConnections(stream, database.schema);
  // One for each write that runs: the bytes are valid until the encoder is used again.
  const encoders = Array.from({ length: width }, () => createEncoder(stream.storage));
  const { rollup, noteRead } = stream.storage;
  let jobs: Jobs<M> | undefined;
  let cautious = 0;
  let checkedAt = -Infinity;

  const copy = (messages: Iterable<M>, statement: string): Promise<void> => {
    const encode = encoders[encoders.length - 1];
    const seconds = new Set<number>();
    // If this throws, the encoder stays in the list.
    const bytes = encode(messages, rollup && ((message) => seconds.add(secondOf(message[rollup.by]))));
    if (!bytes) return Promise.resolve();
    encoders.pop();
    // The seconds are marked in the transaction of their rows.
    const beforeWrite = rollup ? `${statements.mark(seconds)};` : "";
    return copyIn(sql, ownSettings + beforeWrite + statement, bytes).finally(() => encoders.push(encode));
  };

  const check = async () => {
    await requireTable(sql, database.schema, stream);
    checkedAt = performance.now();
  };
  const open = async () => {
    await requireServer(sql);
    await requireSchema(sql, database.schema, stream.storage.migration);
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
    async startJobs(retry, isBehind) {
      log.info("the worker uses several database connections", { most: connections });
      if (stream.storage.partitionedBy) warnOfFormerSettings(Deno.env.toObject(), log);
      jobs = await startJobs(stream, jobsOf(stream, database.schema), database, log, retry, isBehind);
    },
    readToEnd: noteRead ? async (...read) => await jobs?.noteRead(...read) : undefined,
    get losses() {
      // What other workers make, and not the exchange, has no coverage.
      return stream.feed && jobs?.losses;
    },
    expiry: () => jobs?.expiry() ?? (() => false),
    stuck: () => jobs?.stuck(),
    counts: () => jobs?.counts() ?? {},
    async ping() {
      const other = connectLasting(database, log, 1);
      try {
        await other`select 1`;
      } finally {
        await other.end({ timeout: 1 });
      }
    },
    failures: {
      explain: (error) => databaseFault(database, error),
      explained: (error) => explained(database, error),
      isTransient,
      lasts: (error) => !isTransient(error),
      slow: { ms: SLOW_MS, words: noAnswer(database, connections) },
    },
    async [Symbol.asyncDispose]() {
      await jobs?.[Symbol.asyncDispose]();
      await sql.end({ timeout: 5 });
    },
  };
}

function secondOf(time: unknown): number {
  return Math.floor(Number(time) / 1_000);
}
