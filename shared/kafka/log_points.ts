import type { StoredTo } from "./break.ts";
import type { Mark } from "./mark.ts";

/** How often a point is kept while messages come, in ms: a loss begins by so much too early where a log is replaced unnoticed. */
const EVERY_MS = 500;

/** A message that was stored, and up to where its partition was stored then. */
export interface Point {
  readonly mark: Mark;
  /** Absent where it was stored before the group was joined. */
  readonly before?: StoredTo;
}

/** What was stored of each partition since its log was last known to be the same, in order: the next look is for the first. */
export interface Points {
  /** The group has been joined anew. */
  clear(): void;
  /** What the group had committed when it was joined. */
  committed(marks: ReadonlyMap<number, Mark>): void;
  /** All up to this message is stored. */
  stored(partition: number, mark: Mark | undefined, before: StoredTo | undefined): void;
  /** Reading goes back after this message: the next look is for it. */
  goBack(partition: number, mark: Mark | undefined, before: StoredTo | undefined): void;
  of(partition: number): readonly Point[];
  /** The log is the same. What was stored before this point is forgotten. */
  confirm(partition: number, point: Point | undefined): void;
}

const pointOf = (mark: Mark, before: StoredTo | undefined): Point => before ? { mark, before } : { mark };

/** No message has been stored. */
export function createPoints(now = () => performance.now()): Points {
  const points = new Map<number, Point[]>();
  const addedAt = new Map<number, number>();
  /** The partitions whose reading has gone back since the log was last known to be the same. */
  const back = new Set<number>();
  return {
    clear() {
      points.clear();
      addedAt.clear();
      back.clear();
    },
    committed(marks) {
      for (const [partition, mark] of marks) {
        points.set(partition, [{ mark }, ...points.get(partition) ?? []]);
      }
    },
    stored(partition, mark, before) {
      const at = now();
      if (!mark || at - (addedAt.get(partition) ?? -Infinity) < EVERY_MS) return;
      addedAt.set(partition, at);
      points.set(partition, [...points.get(partition) ?? [], pointOf(mark, before)]);
    },
    goBack(partition, mark, before) {
      if (!mark || back.has(partition)) return;
      back.add(partition);
      points.set(partition, [pointOf(mark, before)]);
    },
    of: (partition) => points.get(partition) ?? [],
    confirm(partition, point) {
      const own = points.get(partition) ?? [];
      points.set(partition, own.slice(Math.max(0, own.findIndex((one) => one === point))));
      back.delete(partition);
    },
  };
}

/**
 * The last of the points that are of a former log: those before it are, too, and those after it are of the present one.
 * @param points the first one is of a former log
 */
export async function lastOfFormer(
  points: readonly Point[],
  isFormer: (point: Point) => Promise<boolean>,
): Promise<Point> {
  let [former, present] = [0, points.length];
  while (present - former > 1) {
    const middle = Math.floor((former + present) / 2);
    if (await isFormer(points[middle])) former = middle;
    else present = middle;
  }
  return points[former];
}
