import { type Hole, MOST_WAITING, type Span, takeOut } from "./spans.ts";

/** What feeds lack within their intervals, as full buffers drop it. Feeds are given by their index. */
export interface Holes {
  /** A feed lacks this. `run`: of two messages of the same run all between them were dropped, too. */
  add(i: number, hole: Hole, run?: number): void;
  /** Takes out of the feeds' intervals what has been added since the last call. A hole that has not grown since is forgotten. */
  takeOut(): void;
  /** What a feed goes on to lack. */
  of(i: number): Hole | undefined;
}

/** What is kept for longer between messages that are dropped ends a hole, in ms. */
const APART_MS = 1_000;

interface Growing extends Hole {
  run?: number;
  hasGrown: boolean;
}

/** @param spans the intervals of each feed */
export function createHoles(spans: readonly Span[][]): Holes {
  const holes = new Map<number, Growing>();
  /** What was sent between two runs ends a hole, though Kafka is away again and nothing is told. */
  const endsBefore = (i: number, hole: Growing, { from }: Hole, run?: number) =>
    hole.run !== run && from - hole.to > APART_MS && spans[i].length < MOST_WAITING;

  return {
    add(i, more, run) {
      let hole = holes.get(i);
      if (hole && endsBefore(i, hole, more, run)) {
        takeOut(spans[i], hole);
        hole = undefined;
      }
      if (!hole) return void holes.set(i, { ...more, run, hasGrown: true });
      // While two connections overlap, the buffer is not in the order of time.
      if (more.from < hole.from) Object.assign(hole, { from: more.from, place: more.place });
      hole.to = Math.max(hole.to, more.to);
      if (more.dropped) hole.dropped = (hole.dropped ?? 0) + more.dropped;
      Object.assign(hole, { run, hasGrown: true });
    },
    takeOut() {
      for (const [i, hole] of holes) {
        if (hole.hasGrown) takeOut(spans[i], hole);
        else holes.delete(i);
        hole.hasGrown = false;
      }
    },
    of: (i) => holes.get(i),
  };
}
