import type kafkajs from "kafkajs";
import { createBatchReader } from "./batch_reader.ts";
import type { Break, StoredTo } from "./break.ts";
import type { Incoming } from "./incoming.ts";
import { type End, onEnd } from "./patches/ends.ts";
import { assignerTelling } from "./patches/out_of_range.ts";
import { METADATA_MS } from "./patches/own_cluster.ts";
import { FETCH_BYTES, PARTITION_BYTES, release } from "./portion.ts";
import type { Lost } from "./position.ts";
import { LogChangedError } from "./log_changed.ts";
import { type Changed, type Commit, createLogGuard } from "./log_guard.ts";
import { describe, type Log } from "../log.ts";
import { sleep } from "../wait.ts";

/** A group session times out after 10 s: a crashed consumer's partitions are taken over within that. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 3_000;
/** How long the broker holds a fetch when there is nothing new; a stop waits for that, too. */
const FETCH_MS = 1_000;
/** kafkajs has been seen to stop reading without a word (issues 659 and 1593): no fetch in so long, and it is given up. */
const SILENT_MS = 60_000;

/** Such a fetch keeps kafkajs from leaving the group, too: it is left alone after so long. */
const LEAVE_MS = 5_000;

/** Rows that are stored again are the same rows. */
const OTHER_LOG =
  "a topic is not the one that was read before: it was truncated or made anew, and is read again from its beginning";

/** Messages of one partition, in order. There may be none, where the partition holds others' transactions. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Incoming[];
  /** What the messages take in memory. */
  readonly bytes: number;
  /** The offset to commit once all of them are stored. */
  readonly nextOffset: string;
  /** Messages of the partition after these. */
  readonly behind: number;
  /** Set where messages before these may be missing. */
  readonly afterBreak?: Break;
  /** May be called once the messages are not needed any more: it gives their memory back at once. */
  readonly free?: () => void;
}

/** What `subscribe` needs to be told. */
export interface Subscription {
  readonly topic: string;
  readonly group: string;
  /** Takes a batch over; while it waits the membership is kept alive. Messages may come twice. */
  readonly onBatch: (batch: Batch) => Promise<void>;
  /** The group has been joined anew, with these partitions: batches handed over earlier may be read by others now. */
  readonly onJoin: (partitions: readonly number[]) => void;
  /** Kafka has deleted messages that the group had not read. It is told again until something newer is committed. */
  readonly onLost: (lost: Lost) => void;
  /** Where a partition ended at a fetch, before its messages are handed over. */
  readonly onEnd?: (end: End) => void;
  /** Up to where a partition is stored, as far as is known now. */
  readonly storedTo?: (partition: number) => StoredTo | undefined;
  /**
   * Logs are others than those that were read: what was stored at the latest by `storedTo` came from the former ones. They are read from
   * their beginnings once this resolves, and by other members of the group, too. It may be told again.
   */
  readonly onOtherLog?: (changed: readonly Changed[]) => Promise<void>;
}

export interface Consumer extends AsyncDisposable {
  /** Settles when the consumer has failed. */
  readonly failed: Promise<never>;
  /** Commits that the group has stored all before these offsets. */
  commit(offsets: readonly Commit[]): Promise<void>;
}

/**
 * Joins the group and reads the topic from what the group committed, or from its oldest message. Offsets move only by
 * `commit`.
 */
export async function subscribe(
  client: kafkajs.Kafka,
  subscription: Subscription,
  log: Log,
): Promise<Consumer> {
  const { topic, group, onBatch, onJoin, onLost, storedTo = () => undefined } = subscription;
  const consumer = client.consumer({
    groupId: group,
    sessionTimeout: SESSION_MS,
    // A broker that was killed and started again waits for so long for members that it knew: kafkajs' default is a minute.
    rebalanceTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    metadataMaxAge: METADATA_MS,
    maxWaitTimeInMs: FETCH_MS,
    maxBytes: FETCH_BYTES,
    maxBytesPerPartition: PARTITION_BYTES,
    partitionAssigners: [assignerTelling((lost) => {
      breaks.set(lost.partition, "deleted by retention");
      onLost(lost);
    })],
    // One crash is enough: the loop above starts anew.
    retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
  });
  const read = createBatchReader();
  /** Of each partition of which a message was handed over since the group was joined: what came before the next one, if anything. */
  const breaks = new Map<number, Break | undefined>();
  let lastFetch = performance.now();
  let hasPartitions = false;
  let isHeld = false; // by who takes the batches over
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => {}); // it is waited for later, or never
  let isOtherLog = false;
  let committing = Promise.resolve();
  const commit = async (offsets: readonly Commit[]) => {
    const marked = await guard.marked(offsets);
    if (isOtherLog) throw new LogChangedError(OTHER_LOG);
    const attempt = consumer.commitOffsets(marked);
    committing = Promise.allSettled([committing, attempt]).then(() => {}); // not the results of all that was committed
    await attempt;
  };
  /** Has the group read logs from their beginnings: commits those, and ends the consumer, to be begun anew. */
  const readAnew = async (changed: readonly Changed[]) => {
    isOtherLog = true;
    guard.close();
    log.error(OTHER_LOG, { topic, partitions: changed.map(({ partition }) => partition) });
    try {
      await subscription.onOtherLog?.(changed);
      await committing;
      await consumer.commitOffsets(
        changed.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
      );
    } catch (error) {
      // Who comes next finds the same.
      log.debug("the beginning of a log is not committed", { topic, why: describe(error) });
    }
    fail(new LogChangedError(OTHER_LOG));
  };
  const guard = createLogGuard(client, { topic, group, storedTo }, readAnew, log);
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const partitions = payload.memberAssignment[topic] ?? [];
    breaks.clear();
    onJoin(partitions);
    guard.assigned(partitions);
    hasPartitions = partitions.length > 0;
    lastFetch = performance.now();
    log.debug("joined the group", { group, partitions });
  });
  consumer.on(consumer.events.FETCH, () => lastFetch = performance.now());
  const watch = setInterval(() => {
    if (hasPartitions && !isHeld && performance.now() - lastFetch > SILENT_MS) {
      fail(new Error(`nothing was fetched for ${SILENT_MS / 1_000} s`));
    }
  }, SILENT_MS / 10);
  const leave = async () => {
    clearInterval(watch);
    guard.close();
    const settled = new AbortController();
    const leaving = consumer.disconnect().finally(() => settled.abort());
    await Promise.race([leaving, sleep(LEAVE_MS, settled.signal)]);
  };

  const run: kafkajs.ConsumerRunConfig = {
    autoCommit: false,
    eachBatchAutoResolve: false,
    async eachBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }) {
      const { partition } = batch;
      let isOver = false; // the group may be joined anew from then on
      const handOver = async () => {
        for await (const { messages, bytes, nextOffset, unpacked } of read(batch)) {
          if (!breaks.has(partition) && !await guard.hasCommit(partition)) {
            breaks.set(partition, "no offset was committed");
          }
          if (isOver || !isRunning() || isStale()) return;
          const behind = Number(batch.highWatermark) - nextOffset;
          const afterBreak = breaks.get(partition);
          if (messages.length > 0) breaks.set(partition, undefined);
          guard.read(partition, messages, nextOffset);
          const free = () => release(unpacked);
          await onBatch({
            ...{ topic, partition, messages, bytes, nextOffset: String(nextOffset), behind, free },
            ...(messages.length > 0 && afterBreak ? { afterBreak } : {}),
          });
          if (isOver) return;
          // The next fetch goes on from here; the group's offset follows once the rows are stored.
          resolveOffset(String(nextOffset - 1));
        }
      };
      isHeld = true;
      const taken = handOver();
      const settled = new AbortController();
      taken.catch(() => {}).finally(() => settled.abort());
      try {
        while (!settled.signal.aborted) {
          await Promise.race([taken, sleep(HEARTBEAT_MS, settled.signal)]);
          await heartbeat();
        }
        await taken;
      } finally {
        isOver = true;
        isHeld = false;
        lastFetch = performance.now();
      }
    },
  };
  try {
    if (run.eachBatch && subscription.onEnd) onEnd(run.eachBatch, subscription.onEnd);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run(run);
  } catch (error) {
    await leave();
    throw error;
  }
  return {
    failed,
    commit,
    [Symbol.asyncDispose]: leave,
  };
}
