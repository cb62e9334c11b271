import type kafkajs from "kafkajs";
import { describe, type Log } from "../log.ts";
import { withAdmin } from "./with_admin.ts";
import { createFetcher } from "./fetcher.ts";
import type { Incoming } from "./incoming.ts";
import { findOtherLog } from "./log_look.ts";
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

/** Notices that the log of a partition is not the one that the group has read: it was truncated or made anew. */
export interface LogGuard {
  /** The group has been joined anew, with these partitions. */
  assigned(partitions: readonly number[]): void;
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
 * Looks at the log of each partition when it is assigned, and every 10 s from then on: whether it still has what the group committed
 * last, and what was read before the look before.
 * @param onChanged told the beginnings of logs that are others
 */
export function createLogGuard(
  client: kafkajs.Kafka,
  { topic, group }: { readonly topic: string; readonly group: string },
  onChanged: (beginnings: Commit[]) => void,
  log: Log,
): LogGuard {
  const open = () => createFetcher(client, topic);
  const fetcher = open();
  const marks = createMarks();
  let partitions: readonly number[] = [];
  /** Of each partition the mark that the next look is for; undefined until the group's commits are known. */
  let awaited: Map<number, Mark> | undefined;
  /** The partitions that have not been looked at since they were assigned, or whose logs are too short. */
  let unknown = new Set<number>();
  /** Since when logs end before what was read of them. */
  const shortSince = new Map<number, number>();
  let generation = 0;
  let looking = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const lookAt = async (partition: number, own: number): Promise<Commit[]> => {
    // A message that is read while the log is looked at may be another log's.
    const newest = marks.newest(partition);
    const mark = awaited?.get(partition);
    const other = mark && await findOtherLog(open, partition, mark, fetcher);
    if (own !== generation) return [];
    if (other?.isShort) {
      const since = shortSince.get(partition) ?? performance.now();
      shortSince.set(partition, since);
      unknown.add(partition);
      if (performance.now() - since < SHORT_MS) return [];
    }
    if (other) return [{ topic, partition, offset: String(other.beginning) }];
    shortSince.delete(partition);
    if (newest) awaited?.set(partition, newest);
    unknown.delete(partition);
    return [];
  };
  const lookAtAll = async (own: number) => {
    const committed = awaited ?? await committedMarks(client, topic, group);
    if (own !== generation) return;
    awaited = committed;
    const looks = await Promise.allSettled(partitions.map((partition) => lookAt(partition, own)));
    const beginnings = looks.flatMap((look) => look.status === "fulfilled" ? look.value : []);
    if (beginnings.length > 0 && own === generation) onChanged(beginnings);
    for (const look of looks) if (look.status === "rejected") throw look.reason;
  };
  const look = async (own: number) => {
    await lookAtAll(own).catch((error) =>
      log.debug("a log can't be compared with what was read of it", { topic, why: describe(error) })
    );
    if (own !== generation) return;
    timer = setTimeout(start, unknown.size > 0 ? AGAIN_MS : LOOK_MS);
  };
  const start = () => looking = look(generation);

  return {
    assigned(mine) {
      generation++;
      clearTimeout(timer);
      partitions = mine;
      awaited = undefined;
      unknown = new Set(mine);
      shortSince.clear();
      marks.clear();
      start();
    },
    read: marks.read,
    async marked(offsets) {
      const own = generation;
      const isUnknown = () => offsets.some(({ partition }) => unknown.has(partition));
      if (isUnknown()) await looking;
      if (own !== generation) throw new Error("the group has been joined anew");
      if (isUnknown()) throw new Error("it is not known yet whether the log is the one that was read");
      return offsets.map((commit) => {
        const { partition, offset } = commit;
        const mark = marks.before(partition, Number(offset)) ?? awaited?.get(partition);
        return mark ? { ...commit, metadata: encodeMark(mark) } : commit;
      });
    },
    close() {
      generation++;
      clearTimeout(timer);
      fetcher.close().catch(() => {}); // a broker that is frozen is not waited for
    },
  };
}

/** The marks that the group has committed, by partition; a commit without one has none. */
function committedMarks(client: kafkajs.Kafka, topic: string, group: string): Promise<Map<number, Mark>> {
  return withAdmin(client, async (admin) => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const marks = partitions.map(({ partition, metadata }) => [partition, decodeMark(metadata)] as const);
    return new Map(marks.flatMap(([partition, mark]) => mark ? [[partition, mark]] : []));
  });
}
