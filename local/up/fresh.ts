import { type Config, ConfigError } from "../../shared/config/config.ts";
import { deadLetterTopic, groupName, type Kafka, openKafka, topicName } from "../../shared/kafka/mod.ts";
import { describe, type Log } from "../../shared/log.ts";
import { poll } from "../../shared/poll.ts";
import { connect } from "../../shared/postgres/mod.ts";
import type { Stream } from "../../shared/stream.ts";

/** A killed consumer stays a member of its group for 10 s. In ms. */
const MEMBERSHIP_MS = 15_000;

/** What a feed has on Kafka and in the database. */
export interface Belongings {
  readonly database: Config["database"];
  readonly topics: readonly string[];
  readonly groups: readonly string[];
}

export function belongingsOf(streams: readonly Stream[], { kafka, database }: Config): Belongings {
  const topics = streams.map((stream) => topicName(kafka, stream.message));
  return {
    database,
    topics: [...topics, ...topics.map(deadLetterTopic)],
    groups: streams.map((stream) => groupName(kafka, stream.message)),
  };
}

/**
 * Refuses to clear data that the user has not named.
 *
 * @param word the database that the user named
 * @param needsNone whether both servers were started here, or the data is simulated or recorded
 * @throws {ConfigError} saying what would be removed, and how to ask for it
 */
export function requireWord(
  { database: { name, host, port, schema }, topics }: Belongings,
  word: string | undefined,
  needsNone: boolean,
): void {
  if (word === name || (word === undefined && needsNone)) return;
  if (word !== undefined) {
    throw new ConfigError(`Cannot use --fresh=${word}: this feed's database is ${name}. Nothing was removed`);
  }
  throw new ConfigError(
    `Cannot use --fresh: it would remove the schema ${schema} of the database ${name} at ${host}:${port}, with all its ` +
      `rows, and the topics ${topics.join(", ")}, on servers that are not this project's own. ` +
      `To remove them: --fresh=${name}. Nothing was removed`,
  );
}

/**
 * Removes what a feed has on Kafka and in the database: all of it, or nothing if a consumer still reads the topics or
 * the database refuses.
 *
 * @param limitMs how long consumers may take to leave
 * @throws {Error} saying why nothing was removed
 */
export async function clear(
  what: Belongings,
  config: Config,
  log: Log,
  signal: AbortSignal,
  limitMs = MEMBERSHIP_MS,
): Promise<void> {
  const kafka = openKafka(config.kafka, log);
  await untilUnread(kafka, what, signal, limitMs);
  await inDatabase(config, log, async () => {
    try {
      await kafka.remove(what.topics, what.groups);
    } catch (error) {
      throw new Error(`Cannot clear topics and offsets on Kafka: ${describe(error)}`, { cause: error });
    }
  });
}

/** Waits until no consumer reads the topics any more: those of an earlier run may have been killed just now. */
async function untilUnread(
  kafka: Kafka,
  { topics, groups }: Belongings,
  signal: AbortSignal,
  limitMs: number,
): Promise<void> {
  let why = "";
  const isUnread = await poll(async () => {
    try {
      const live = await kafka.liveGroups(topics, groups);
      why = `consumers of ${live.join(", ")} still run: end them first`;
      return live.length === 0;
    } catch (error) {
      why = `Cannot ask Kafka who reads its topics: ${describe(error)}`;
    }
  }, { ms: limitMs, pauseMs: 500, signal });
  if (isUnread) return;
  signal.throwIfAborted();
  throw new Error(`Cannot clear this feed: ${why}. Nothing was removed`);
}

/**
 * Drops what the migrations made, so that they make it again, and commits once `beforeCommit` is done; the tables that they set
 * aside as `…_legacy` are the user's and stay. Nothing is dropped of a database that the migrations have not seen.
 */
async function inDatabase({ database }: Config, log: Log, beforeCommit: () => Promise<void>): Promise<void> {
  const sql = connect(database, log);
  try {
    await sql`select`;
  } catch (error) {
    await sql.end({ timeout: 5 });
    const isMissing = (error as { code?: string }).code === "3D000";
    if (isMissing) return await beforeCommit();
    throw new Error(`Cannot clear the database: ${describe(error)}. Nothing was removed`, { cause: error });
  }
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(dropStatements(database.schema)).catch((error) => {
        throw new Error(`Cannot clear the database: ${describe(error)}. Nothing was removed`, {
          cause: error,
        });
      });
      await beforeCommit();
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** The statements that drop a schema. If a table stays locked for 10 s, they fail and drop nothing. */
const dropStatements = (schema: string) => `
  set local client_min_messages = warning;
  set local lock_timeout = '10s';
  do $$
  declare kept text;
  begin
    if to_regclass('${schema}.migrations') is null then return; end if;
    create schema ${schema}_kept;
    for kept in select tablename from pg_tables where schemaname = '${schema}' and tablename ~ '_legacy(_\\d+)?$' loop
      execute format('alter table ${schema}.%I set schema ${schema}_kept', kept);
    end loop;
    drop schema ${schema} cascade;
    alter schema ${schema}_kept rename to ${schema};
  end $$`;
