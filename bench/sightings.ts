import type { Sql } from "../shared/postgres/mod.ts";
import { sleep } from "../shared/wait.ts";

/** What a session saw: the transactions of which the effects were visible to it, by PostgreSQL's `pg_snapshot`. */
export interface Sighting {
  /** When the answer was there, µs since the epoch. */
  readonly at: number;
  /** The least transaction that was still open, the least that had not begun, and the open ones between them. */
  readonly least: number;
  readonly next: number;
  readonly open: readonly number[];
}

/** Reads a `pg_snapshot`: `10:20:12,15`. */
export function parseSnapshot(text: string): Omit<Sighting, "at"> {
  const [least, next, open] = text.split(":");
  return { least: Number(least), next: Number(next), open: open === "" ? [] : open.split(",").map(Number) };
}

/** Whether the rows of a transaction were visible. */
export function isVisible(transaction: number, { least, next, open }: Omit<Sighting, "at">): boolean {
  return transaction < least || (transaction < next && !open.includes(transaction));
}

/** When a transaction was first visible, µs since the epoch; undefined if it never was. */
export function firstSeen(transaction: number, sightings: readonly Sighting[]): number | undefined {
  // What is visible stays visible, so the first sighting is found by bisection.
  let from = 0;
  let to = sightings.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isVisible(transaction, sightings[middle])) to = middle;
    else from = middle + 1;
  }
  return sightings[from]?.at;
}

/** The time in µs since the epoch. */
export function microseconds(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1_000);
}

/** A look at what is visible, again and again. */
export interface Watch extends AsyncDisposable {
  /** Ends it with a last look, and returns what was seen. */
  stop(): Promise<Sighting[]>;
}

/**
 * Looks from a session of its own. A look touches no table and costs the server some 30 µs; the next one follows after a
 * millisecond, so that a transaction is seen that much too late at most. The session is ended with the watch.
 */
export function startWatch(session: Sql): Watch {
  const enough = new AbortController();
  const look = async () => {
    const sightings: Sighting[] = [];
    let last = "";
    for (;;) {
      const isLast = enough.signal.aborted;
      const [{ snapshot }] = await session`select pg_current_snapshot()::text as snapshot`;
      if (snapshot !== last) sightings.push({ at: microseconds(), ...parseSnapshot(snapshot) });
      if (isLast) return sightings;
      last = snapshot;
      await sleep(1, enough.signal);
    }
  };
  const looking = look();
  looking.catch(() => {}); // the caller that stops it has the error
  return {
    stop() {
      enough.abort();
      return looking;
    },
    async [Symbol.asyncDispose]() {
      enough.abort();
      await looking.catch(() => {});
      await session.end();
    },
  };
}
