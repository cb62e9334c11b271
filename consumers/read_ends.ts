import type { End } from "../shared/kafka/mod.ts";
import { describe, type Log } from "../shared/log.ts";
import { sleep } from "../shared/wait.ts";
import type { Outcome } from "./outcome.ts";
import type { Sink } from "./sink.ts";

/** How often the sink is told, in ms. */
const EVERY_MS = 1_000;

/** Knows which partitions are stored up to their ends. */
export interface ReadEnds {
  /** A partition ended there when a fetch was answered. */
  fetched(end: End): void;
  /** The partition's messages before this offset were handed over, to be stored. */
  handedOver(partition: number, nextOffset: number): void;
  /** A batch is stored. */
  stored(outcome: Pick<Outcome, "partition" | "nextOffset">): void;
  /** What was handed over and is not stored is given up. */
  clear(): void;
  /** Partitions that were found to be stored to an end since the last call. */
  take(): Reached[];
}

/** All messages that a partition had at a moment, in ms of `performance.now()`, are stored. */
export interface Reached {
  readonly partition: number;
  readonly partitions: number;
  readonly at: number;
}

interface Place {
  /** Offsets before which everything is handed over, and stored. */
  handed: number;
  stored: number;
  /** The end that is to be reached next, and the newest one: under a steady flow the newest is always ahead. */
  next?: End;
  newest?: End;
  reached?: Reached;
}

export function createReadEnds(): ReadEnds {
  const places = new Map<number, Place>();
  const look = (place: Place) => {
    while (place.next && place.stored >= place.next.end) {
      const { partition, partitions, at } = place.next;
      place.reached = { partition, partitions, at };
      place.next = place.newest;
      place.newest = undefined;
    }
  };
  return {
    fetched(end) {
      const { partition, from } = end;
      const place = places.get(partition) ?? { handed: from, stored: from };
      places.set(partition, place);
      // What lies between was stored by others, or is deleted.
      if (place.stored === place.handed) place.handed = place.stored = from;
      if (place.next) place.newest = end;
      else place.next = end;
      look(place);
    },
    handedOver(partition, nextOffset) {
      const place = places.get(partition);
      if (place) place.handed = nextOffset;
    },
    stored({ partition, nextOffset }) {
      const place = places.get(partition);
      if (!place) return;
      place.stored = Number(nextOffset);
      look(place);
    },
    clear: () => places.clear(),
    take: () =>
      [...places.values()].flatMap((place) => {
        const { reached } = place;
        place.reached = undefined;
        return reached ? [reached] : [];
      }),
  };
}

/** Tells a sink once a second which partitions are stored to their ends, until it is disposed of. */
export function tellReadEnds(
  ends: Pick<ReadEnds, "take">,
  { readToEnd }: Pick<Sink<never>, "readToEnd">,
  log: Log,
): AsyncDisposable {
  const done = new AbortController();
  const tell = async () => {
    while (readToEnd && !done.signal.aborted) {
      try {
        for (const { partition, partitions, at } of ends.take()) {
          await readToEnd(partition, partitions, performance.now() - at);
        }
      } catch (error) {
        log.debug("the sink can't note that a partition is read to its end", { why: describe(error) });
      }
      await sleep(EVERY_MS, done.signal);
    }
  };
  const told = tell();
  return {
    async [Symbol.asyncDispose]() {
      done.abort();
      await told;
    },
  };
}
