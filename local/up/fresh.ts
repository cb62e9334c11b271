import type { Config } from "../../shared/config.ts";
import { deadLetterTopic, groupName, openKafka, topicName } from "../../shared/kafka/mod.ts";
import { describe, type Log } from "../../shared/log.ts";
import { connect } from "../../shared/postgres.ts";
import type { Stream } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";

/** A consumer that was killed is a member of its group for 10 s more, and keeps the group from being deleted. In ms. */
const MEMBERSHIP_MS = 15_000;

/** Clears what the feed that the configuration stands for has on Kafka and in the database. */
export async function clear(
  streams: readonly Stream[],
  config: Config,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([clearKafka(streams, config.kafka, log, signal), clearDatabase(config, log)]);
}

async function clearKafka(
  streams: readonly Stream[],
  config: Config["kafka"],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const kafka = openKafka(config, log);
  const topics = streams.map((stream) => topicName(config, stream));
  const groups = streams.map((stream) => groupName(config, stream));
  for (const limit = Date.now() + MEMBERSHIP_MS;;) {
    try {
      return await kafka.remove([...topics, ...topics.map(deadLetterTopic)], groups);
    } catch (error) {
      signal.throwIfAborted();
      if (Date.now() > limit) {
        throw new Error(`Cannot clear topics and offsets on Kafka: ${describe(error)}`, { cause: error });
      }
      await sleep(500, signal);
    }
  }
}

/**
 * Drops what the migrations made, for them to make it anew; the tables that they set aside as `…_legacy` are the user's
 * and stay. Nothing is dropped of a database that the migrations have not seen.
 */
async function clearDatabase({ database }: Config, log: Log): Promise<void> {
  const sql = connect(database, log);
  try {
    await sql.unsafe(`
      set client_min_messages = warning;
      do $$
      declare kept text;
      begin
        if to_regclass('websocket.migrations') is null then return; end if;
        create schema websocket_kept;
        for kept in select tablename from pg_tables where schemaname = 'websocket' and tablename ~ '_legacy(_\\d+)?$' loop
          execute format('alter table websocket.%I set schema websocket_kept', kept);
        end loop;
        drop schema websocket cascade;
        alter schema websocket_kept rename to websocket;
      end $$`);
  } catch (error) {
    if ((error as { code?: string }).code === "3D000") return; // there is no such database yet
    throw new Error(`Cannot clear the database: ${describe(error)}`, { cause: error });
  } finally {
    await sql.end({ timeout: 5 });
  }
}
