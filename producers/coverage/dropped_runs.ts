import type { Gap } from "../../shared/streams/gap.ts";

/** Keeps account of what a full buffer drops: what is dropped of a symbol in a row is one run, and becomes one gap. */
export interface DroppedRuns {
  /** A message was dropped, with the exchange's time in ms. */
  dropped(symbol: string, eventTime: number): void;
  /** A message of the symbol is sent: what is dropped after it makes another gap. */
  sent(symbol: string): void;
  /** The gaps that are new or have grown since they were last taken; a grown one takes its own place in the table. */
  take(): Gap[];
}

/** Gaps that a full buffer may make before they are told: past that, the last one of a symbol goes on. */
const MOST_UNTOLD = 1_000;

/** Nothing dropped yet, of the stream of that name. */
export function createDroppedRuns(name: string): DroppedRuns {
  const untold = new Set<Gap>();
  const told = new WeakSet<Gap>();
  const newest = new Map<string, Gap>();
  /** Symbols whose newest gap goes on with the next message that is dropped. */
  const open = new Set<string>();

  /** The gap that a message of that time is part of. A gap's start is part of its key: two that begin in the same ms are one. */
  const find = (symbol: string, eventTime: number): Gap | undefined => {
    const last = newest.get(symbol);
    if (open.has(symbol) || last?.startedAt === eventTime) return last;
    return [...untold].find((gap) => gap.symbol === symbol && gap.startedAt === eventTime);
  };

  return {
    dropped(symbol, eventTime) {
      const gap = find(symbol, eventTime) ?? {
        ...{ stream: name, symbol, startedAt: eventTime, endedAt: eventTime },
        ...{ reason: "buffer overflow", dropped: 0 },
      };
      newest.set(symbol, gap);
      open.add(symbol);
      untold.add(gap);
      // The start of one that is told stays, or it would be another row.
      if (!told.has(gap)) gap.startedAt = Math.min(gap.startedAt, eventTime);
      gap.endedAt = Math.max(gap.endedAt, eventTime);
      gap.dropped!++;
    },
    sent(symbol) {
      if (untold.size < MOST_UNTOLD) open.delete(symbol);
    },
    take() {
      const gaps = [...untold];
      untold.clear();
      for (const gap of gaps) told.add(gap);
      return gaps.map((gap) => ({ ...gap }));
    },
  };
}
