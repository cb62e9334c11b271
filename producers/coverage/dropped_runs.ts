import type { Gap } from "../../shared/streams/gap.ts";

/** Records what a full buffer drops. Messages of a symbol that are dropped in a row are one run, and become one gap. */
export interface DroppedRuns {
  /** A message was dropped, with the exchange's time in ms. */
  dropped(symbol: string, eventTime: number): void;
  /** A message of the symbol is sent: what is dropped later is another gap. */
  sent(symbol: string): void;
  /** Takes the gaps that are new or have grown since the last call. A gap that has grown replaces its own row in the table. */
  take(): Gap[];
}

/** The most gaps that wait to be taken. Past that, the newest gap of a symbol grows, and no new one begins. */
const MOST_UNTOLD = 1_000;

/** For the stream of that name. */
export function createDroppedRuns(name: string): DroppedRuns {
  const untold = new Set<Gap>();
  const told = new WeakSet<Gap>();
  const newest = new Map<string, Gap>();
  /** Symbols whose newest gap grows with the next message that is dropped. */
  const open = new Set<string>();

  /** The gap that a message of that time belongs to. A gap's start is part of its key: two that begin in the same ms are one row. */
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
      // A gap that has been taken keeps its start, or it would be another row.
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
