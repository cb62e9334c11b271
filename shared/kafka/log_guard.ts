import type kafkajs from "kafkajs";
import { describe, type Log } from "../log.ts";
import { withAdmin } from "./with_admin.ts";
import { createFetcher } from "./fetcher.ts";
import type { StoredTo } from "./break.ts";
import type { Incoming } from "./incoming.ts";
import { findOtherLog, look } from "./log_look.ts";
import { createPoints, lastOfFormer } from "./log_points.ts";
import { createMarks, decodeMark, encodeMark, type Mark } from "./mark.ts";

/** How often the logs of the partitions are looked at, in ms, and how soon again after a look has failed. */
const LOOK_MS = 10_000;
const AGAIN_MS = 1_000;
/** A log that ends before what was read of it counts as truncated once it has done so for this long, in ms: Kafka's replica.lag.time.max.ms. */
const SHORT_MS = 30_000;

/** An offset to be committed. */
export interface Commit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly metadata?: string;
}

/** The beginning of a log that is another one than that which was read. */
export interface Changed extends Commit {
  /** Up to where the partition was stored when the log was last known to be the former one; absent where that is before the group was joined. */
  readonly before?: StoredTo;
}

/** Notices that the log of a partition is not the one that the group has read: it was truncated or made anew. */
export interface LogGuard {
  /** The group has been joined anew, with these partitions. */
  assigned(partitions: readonly number[]): void;
  /** Whether the group had committed an offset of a partition when it was joined. Waits until that is known; true once it is closed. */
  hasCommit(partition: number): Promise<boolean>;
  /** Notes the messages that come before an offset. */
  read(partition: number, messages: readonly Incoming[], nextOffset: number): void;
  /**
   * Returns the offsets with the marks of what comes before them, once the partitions' logs are known to be those that the group has read.
   * @throws {Error} if that is not known yet, or the group was joined anew meanwhile
   */
  marked(offsets: readonly Commit[]): Promise<Commit[]>;
  /** Ends the looks. */
  close(): void;
}

/**
 * Looks at the log of each partition when it is assigned, and every 10 s from then on: whether it still has what the group had committed,
 * and then what had been committed at the look before.
 * @param onChanged told the logs that are others
 */
export function createLogGuard(
  client: kafkajs.Kafka,
  { topic, group, storedTo = () => undefined }: {
    readonly topic: string;
    readonly group: string;
    readonly storedTo?: (partition: number) => StoredTo | undefined;
  },
  onChanged: (changed: Changed[]) => void,
  log: Log,
): LogGuard {
  const open = () => createFetcher(client, topic);
  const fetcher = open();
  const marks = createMarks();
  let partitions: readonly number[] = [];
  const points = createPoints();
  /** Whether the group's commits are known. */
  let isKnown = false;
  /** The partitions of which the group has committed nothing. */
  let uncommitted = Promise.withResolvers<ReadonlySet<number>>();
  /** Before which offset each partition has been read. */
  const places = new Map<number, number>();
  /** The partitions that have not been looked at since they were assigned, or whose logs are too short. */
  let unknown = new Set<number>();
  /** Since when logs end before what was read of them. */
  const shortSince = new Map<number, number>();
  let generation = 0;
  /** How often the reading of a partition has gone back. */
  let timesBack = 0;
  let looking = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const lookAt = async (partition: number, own: number): Promise<Changed[]> => {
    // A message that is read while the log is looked at may be another log's.
    const known = points.of(partition);
    const before = timesBack;
    const other = known.length > 0 && await findOtherLog(open, partition, known[0].mark, fetcher);
    if (own !== generation || before !== timesBack) return [];
    if (other && other.isShort) {
      const since = shortSince.get(partition) ?? performance.now();
      shortSince.set(partition, since);
      unknown.add(partition);
      if (performance.now() - since < SHORT_MS) return [];
    }
    if (other) {
      const last = await lastOfFormer(
        known,
        async ({ mark }) => await look(fetcher, partition, mark) !== undefined,
      );
      if (own !== generation) return [];
      const place = { topic, partition, offset: String(other.beginning) };
      return [last.before ? { ...place, before: last.before } : place];
    }
    shortSince.delete(partition);
    points.confirm(partition, known.at(-1));
    unknown.delete(partition);
    return [];
  };
  const lookAtAll = async (own: number) => {
    const committed = isKnown ? undefined : await committedMarks(client, topic, group);
    if (own !== generation) return;
    if (committed) {
      isKnown = true;
      points.committed(committed.marks);
      uncommitted.resolve(committed.none);
    }
    const looks = await Promise.allSettled(partitions.map((partition) => lookAt(partition, own)));
    const changed = looks.flatMap((look) => look.status === "fulfilled" ? look.value : []);
    if (changed.length > 0 && own === generation) onChanged(changed);
    for (const look of looks) if (look.status === "rejected") throw look.reason;
  };
  const lookOften = async (own: number) => {
    await lookAtAll(own).catch((error) =>
      log.debug("a log can't be compared with what was read of it", { topic, why: describe(error) })
    );
    if (own !== generation) return;
    timer = setTimeout(start, unknown.size > 0 ? AGAIN_MS : LOOK_MS);
  };
  const start = () => {
    timer = undefined;
    looking = lookOften(generation);
  };
  /** Nothing is committed of a partition whose reading has gone back until it is known why, which is looked at soon. */
  const wentBack = (partition: number) => {
    timesBack++;
    unknown.add(partition);
    points.goBack(partition, marks.newest(partition), storedTo(partition));
    if (timer === undefined) return;
    clearTimeout(timer);
    start();
  };

  return {
    assigned(mine) {
      generation++;
      clearTimeout(timer);
      partitions = mine;
      isKnown = false;
      points.clear();
      uncommitted.resolve(new Set());
      uncommitted = Promise.withResolvers();
      unknown = new Set(mine);
      places.clear();
      shortSince.clear();
      marks.clear();
      start();
    },
    hasCommit: async (partition) => !(await uncommitted.promise).has(partition),
    read(partition, messages, nextOffset) {
      if (nextOffset <= (places.get(partition) ?? 0)) wentBack(partition);
      places.set(partition, nextOffset);
      marks.read(partition, messages, nextOffset);
    },
    async marked(offsets) {
      const own = generation;
      // More is stored by the time that the logs are known.
      const stored = new Map(offsets.map(({ partition }) => [partition, storedTo(partition)]));
      const isUnknown = () => offsets.some(({ partition }) => unknown.has(partition));
      if (isUnknown()) await looking;
      if (own !== generation) throw new Error("the group has been joined anew");
      if (isUnknown()) throw new Error("it is not known yet whether the log is the one that was read");
      return offsets.map((commit) => {
        const { partition, offset } = commit;
        const mark = marks.before(partition, Number(offset)) ?? points.of(partition)[0]?.mark;
        points.stored(partition, mark, stored.get(partition));
        return mark ? { ...commit, metadata: encodeMark(mark) } : commit;
      });
    },
    close() {
      generation++;
      clearTimeout(timer);
      uncommitted.resolve(new Set());
      fetcher.close().catch(() => {}); // a broker that is frozen is not waited for
    },
  };
}

/** What the group has committed: the marks of the offsets, where they have one, and the partitions without an offset. */
function committedMarks(
  client: kafkajs.Kafka,
  topic: string,
  group: string,
): Promise<{ readonly marks: ReadonlyMap<number, Mark>; readonly none: ReadonlySet<number> }> {
  return withAdmin(client, async (admin) => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const marks = partitions.map(({ partition, metadata }) => [partition, decodeMark(metadata)] as const);
    const none = partitions.filter(({ offset }) => Number(offset) < 0).map(({ partition }) => partition);
    return {
      marks: new Map(marks.flatMap(([partition, mark]) => mark ? [[partition, mark]] : [])),
      none: new Set(none),
    };
  });
}
