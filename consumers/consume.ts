import {
  type Batch,
  deadLetterTopic,
  groupName,
  kafkaFault,
  kafkaFaultLasts,
  openKafka,
  topicName,
} from "../shared/kafka/mod.ts";
import { requireOwnDatabase } from "../shared/config/own_names.ts";
import { retryForever } from "../shared/retry.ts";
import { runUnstalled } from "../shared/stall.ts";
import type { MessageType, StreamMessage } from "../shared/stream.ts";
import { backoff, sleep } from "../shared/wait.ts";
import type { Worker } from "../shared/worker.ts";
import { createCommitter } from "./committer.ts";
import { createDecoder, type Decoder } from "./decode.ts";
import { createIntake } from "./intake.ts";
import { createLosses, splitAtBreaks, tellStored } from "./losses.ts";
import { createMeter, type Meter } from "./meter.ts";
import { createOrderedWork } from "./ordered_work.ts";
import { createReadEnds, tellReadEnds } from "./read_ends.ts";
import { createSetAside } from "./set_aside.ts";
import type { Sink } from "./sink.ts";
import { createWork } from "./work.ts";
import { createStore } from "./store.ts";

/** What a consumer uses of the configuration; of the exchange, which host the data comes from. */
export const consumerSlices = ["kafka", "database", "exchange"] as const;
export type ConsumerSlice = (typeof consumerSlices)[number];

/** How many bytes of messages may wait for the sink, by their size in memory. */
const INTAKE_BYTES = 6 * 2 ** 20;
/** With more messages than this to store, the jobs of the sink do only what is urgent. */
const BEHIND = 50_000;
/** Bytes of messages that one write takes at most. */
const WRITE_BYTES = 3 * 2 ** 20;
/** The longest pause before the group is joined again, in ms. */
const MOST_PAUSE_MS = 5_000;

/**
 * Reads the topic of a stream's messages and writes them to a sink, until the worker is told to stop. The order is the guarantee: dead
 * letters are acked, then messages are written, and only then is the offset committed. `createSink` is called again if the work is
 * restarted after a stall.
 * @throws {ConfigError} if another host's rows would be mixed with the exchange's
 * @throws what the sink throws as it opens, if waiting does not help
 */
export async function consume<M extends StreamMessage>(
  type: MessageType<M>,
  createSink: () => Sink<M>,
  worker: Worker<ConsumerSlice>,
): Promise<void> {
  requireOwnDatabase(worker.config);
  const meter = createMeter();
  const decoder = createDecoder(type);
  worker.telemetry.observe(meter.report);
  await using probe = createSink();
  const work = createWork(type, probe, worker.config.kafka, meter, worker.log);
  const run = (signal: AbortSignal) => read(type, decoder, createSink(), worker, meter, signal);
  await runUnstalled(work, run, worker.signal, worker.log);
}

/** Consumes until the signal is aborted, with its own clients and connections. */
async function read<M extends StreamMessage>(
  type: MessageType<M>,
  decoder: Decoder<M>,
  opening: Sink<M>,
  worker: Worker<ConsumerSlice>,
  meter: Meter,
  signal: AbortSignal,
): Promise<void> {
  const { config, log } = worker;
  const topic = topicName(config.kafka, type);

  await using sink = opening;
  const { isTransient, explained, ...failures } = sink.failures;
  const database = {
    ...failures,
    signal,
    log,
    kind: "database" as const,
    onTrouble: (words?: string, isLasting?: boolean) => meter.trouble("database", words, isLasting),
  };
  const broker = {
    signal,
    log,
    kind: "kafka" as const,
    explain: (error: unknown) => kafkaFault(config.kafka, error),
    lasts: kafkaFaultLasts,
    onTrouble: (words?: string, isLasting?: boolean) => meter.trouble("kafka", words, isLasting),
  };

  const kafka = openKafka(config.kafka, log);
  await using letters = createSetAside(kafka, deadLetterTopic(topic), broker, log);
  await Promise.all([
    retryForever(() => sink.open(), { ...database, passing: isTransient }).catch((error) => {
      throw explained(error);
    }),
    retryForever(() => kafka.ensureTopics([topic, deadLetterTopic(topic)]), broker),
  ]);
  const ends = createReadEnds();
  const isBehind = () => meter.behind() > BEHIND;
  await sink.startJobs(database, isBehind);
  await using _telling = tellReadEnds(ends, sink, log);
  const losses = sink.losses && createLosses(sink.losses, decoder, database);
  await using _tellingStored = losses && tellStored(losses, log);
  worker.telemetry.observe(() => {
    const report = meter.report();
    return {
      ...report,
      counts: { ...report.counts, fallbacks: decoder.fallbacks, ...sink.counts() },
      // A worker that waits for a server reports that as its reason.
      stuck: report.stuck ?? (report.waiting ? undefined : sink.stuck()),
    };
  });

  let intake = createIntake<Batch>(INTAKE_BYTES, signal);
  const waiting = () => intake.waiting();
  const store = createStore(type, { decoder, sink, retry: database, waiting, setAside: letters.setAside });

  for (let failures = 0; !signal.aborted; failures++) {
    let generation = 0;
    intake = createIntake<Batch>(INTAKE_BYTES, signal);
    try {
      await using consumer = await kafka.subscribe({
        topic,
        group: groupName(config.kafka, type),
        onBatch(batch) {
          meter.read(batch);
          ends.handedOver(batch.partition, Number(batch.nextOffset));
          return intake.put(batch, batch.bytes);
        },
        onJoin(partitions) {
          meter.joined(partitions);
          generation++;
          intake.clear();
          ends.clear();
          losses?.joined();
        },
        onEnd: ends.fetched,
        storedTo: losses?.storedTo,
        onOtherLog: losses?.otherLog,
        onLost(lost) {
          meter.lost(lost);
          const { partition, from, to } = lost;
          log.error(
            `${to - from} messages are lost: Kafka's retention deleted them before they were stored. ` +
              "Raise the topic's retention, or bring its consumer back sooner",
            { topic, partition, from, to },
          );
        },
      });
      // A `Promise.race` with `failed`, which does not settle, would keep every batch in memory.
      consumer.failed.catch(intake.fail);
      await using committer = createCommitter(consumer, () => generation, log);
      await using ordered = createOrderedWork(sink.width, intake.fail);
      meter.trouble("kafka", undefined);
      while (!signal.aborted) {
        const batches = await intake.take(WRITE_BYTES);
        const mine = generation;
        if (batches.length === 0) continue;
        for (const part of splitAtBreaks(batches)) {
          if (part[0].afterBreak) await ordered.idle();
          // What was read of a former log tells nothing of the present one.
          if (mine === generation) await losses?.beforeStore(part);
          const work = async () => {
            const outcomes = await store(part);
            for (const batch of part) batch.free?.();
            return outcomes;
          };
          await ordered.start(work, (outcomes) => {
            outcomes.forEach(meter.stored);
            // Other consumers may have these partitions by now: the rows do no harm, but the offsets must not be committed.
            if (mine !== generation) return;
            outcomes.forEach(ends.stored);
            if (losses) outcomes.forEach(losses.stored);
            committer.add(
              outcomes.map(({ partition, nextOffset }) => ({ topic, partition, offset: nextOffset })),
              outcomes.reduce((sum, { offsets }) => sum + offsets.length, 0),
              () => {
                outcomes.forEach(meter.committed);
                if (losses) outcomes.forEach(losses.committed);
              },
            );
          });
        }
        // If nothing can be committed, no more is stored.
        if (committer.isFull) await Promise.race([committer.room(signal), consumer.failed]);
        failures = 0;
      }
    } catch (error) {
      if (signal.aborted) break;
      const words = kafkaFault(config.kafka, error);
      meter.trouble("kafka", words, kafkaFaultLasts(error));
      log.sparsely("kafka", `${words}; trying until it works`);
      await sleep(backoff(failures, 250, MOST_PAUSE_MS), signal);
    }
  }
}
