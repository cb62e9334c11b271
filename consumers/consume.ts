import { databaseFault, explained } from "../shared/database_fault.ts";
import { deadLetter } from "../shared/dead_letter.ts";
import {
  type Batch,
  deadLetterTopic,
  groupName,
  kafkaFault,
  openKafka,
  topicName,
} from "../shared/kafka/mod.ts";
import { isTransient } from "../shared/postgres.ts";
import { persist } from "../shared/retry.ts";
import type { Stream } from "../shared/stream.ts";
import { backoff, sleep } from "../shared/wait.ts";
import type { Worker } from "../shared/worker.ts";
import { startChores } from "./chores.ts";
import { createCommitter } from "./committer.ts";
import { decode, type Decoded, newestPerRow } from "./decode.ts";
import { createIntake } from "./intake.ts";
import { createMeter } from "./meter.ts";
import { createSink } from "./sink.ts";

type Message = { symbol: string; receivedAt?: number };

/** A batch on its way from Kafka to the database. */
interface Item<M extends Message> {
  readonly batch: Batch;
  readonly decoded: Decoded<M>;
}

/** Bytes of messages that wait decoded for the database. */
const INTAKE_BYTES = 4 * 2 ** 20;
/** Bytes of messages that one write takes at most. */
const WRITE_BYTES = 2 * 2 ** 20;

/**
 * Reads a stream's topic and upserts it into its table, until the worker is told to stop. The order of things is the
 * guarantee: dead letters are acked, rows are committed, and only then is the offset.
 * @throws {SchemaError} where the database's schema is older than the stream needs
 */
export async function consume<M extends Message>(stream: Stream<M>, worker: Worker): Promise<void> {
  const { config, log, signal } = worker;
  const topic = topicName(config.kafka, stream);
  const meter = createMeter(stream);
  worker.report = meter.report;

  const database = {
    signal,
    log,
    explain: (error: unknown) => databaseFault(config.database, error),
    onTrouble: (words?: string) => meter.trouble("database", words),
  };
  const broker = {
    signal,
    log,
    explain: (error: unknown) => kafkaFault(config.kafka, error),
    onTrouble: (words?: string) => meter.trouble("kafka", words),
  };

  await using sink = createSink(stream, config.database, log);
  const kafka = openKafka(config.kafka, log);
  await using deadLetters = kafka.producer();
  await Promise.all([
    persist(() => sink.open(), { ...database, passing: isTransient }).catch((error) => {
      throw explained(config.database, error);
    }),
    persist(() => kafka.ensureTopics([topic, deadLetterTopic(topic)]), broker),
  ]);
  await using chores = await startChores(stream, config, log);

  /** Sets aside what can't be decoded or stored, with its bytes as they were read. */
  const setAside = async (batch: Batch, refused: { message: Batch["messages"][number]; cause: string }[]) => {
    if (refused.length === 0) return;
    const messages = refused.map(({ message, cause }) => {
      log.sparsely("message", "a message can't be stored and goes to the dead-letter topic", {
        cause,
        offset: message.offset,
      });
      const origin = { cause, source: batch.topic, partition: batch.partition, offset: message.offset };
      return deadLetter(message.key, message.value ?? "", origin);
    });
    await persist(() => deadLetters.send([{ topic: deadLetterTopic(topic), messages }]), broker);
  };

  /** Stores batches; returns the messages that the database refused, with the reasons. */
  const store = async (items: Item<M>[]) => {
    for (const { batch, decoded } of items) await setAside(batch, decoded.poison);
    const fresh = items.flatMap(({ decoded }) => decoded.messages).filter((message) =>
      !chores.isExpired(message)
    );
    // Rows that are never replaced need no choosing: the database leaves out what it has.
    const rows = stream.table.version.length === 0 ? fresh : newestPerRow(stream, fresh);
    const refused = new Map(
      (await persist(() => sink.write(rows), database)).map((one) => [one.message, one.cause]),
    );
    for (const { batch, decoded } of items) {
      const mine = decoded.messages.flatMap((message, i) => {
        const cause = refused.get(message);
        return cause === undefined ? [] : [{ message: decoded.sources[i], cause }];
      });
      await setAside(batch, mine);
    }
    return refused;
  };

  for (let failures = 0; !signal.aborted; failures++) {
    let generation = 0;
    const intake = createIntake<Item<M>>(INTAKE_BYTES, signal);
    try {
      await using consumer = await kafka.subscribe({
        topic,
        group: groupName(config.kafka, stream),
        onBatch(batch) {
          meter.read(batch);
          return intake.put({ batch, decoded: decode(stream, batch) }, bytesOf(batch));
        },
        onJoin() {
          meter.joined();
          generation++;
          intake.clear();
        },
      });
      await using committer = createCommitter(consumer, log);
      meter.trouble("kafka", undefined);
      while (!signal.aborted) {
        const items = await Promise.race([intake.take(WRITE_BYTES), consumer.failed]);
        const mine = generation;
        if (items.length === 0) continue;
        const refused = await store(items);
        for (const { decoded } of items) meter.stored(decoded);
        // Others may read these partitions since: the rows do no harm, the offsets are theirs to commit.
        if (mine !== generation) continue;
        committer.add(
          items.map(({ batch: { partition, nextOffset } }) => ({ topic, partition, offset: nextOffset })),
          () =>
            items.forEach(({ batch, decoded }) => meter.committed(batch, decoded, refused, chores.isExpired)),
        );
        failures = 0;
      }
    } catch (error) {
      if (signal.aborted) break;
      const words = kafkaFault(config.kafka, error);
      meter.trouble("kafka", words);
      log.sparsely(words, `${words}; trying until it works`);
      await sleep(backoff(failures), signal);
    }
  }
}

function bytesOf(batch: Batch): number {
  return batch.messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
}
