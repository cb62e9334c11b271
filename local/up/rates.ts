/** So long a rate looks back, in ms. */
const WINDOW_MS = 5_000;

/** How fast counts grow. */
export interface Rates {
  /** Takes a count as it is now; `now` in ms. */
  note(name: string, count: number, now?: number): void;
  /** The growth a second over the last 5 s; 0 while it is not known. */
  of(name: string): number;
}

export function createRates(): Rates {
  const looks = new Map<string, { at: number; count: number }[]>();
  return {
    note(name, count, now = performance.now()) {
      const all = looks.get(name) ?? [];
      // One look that is older than the window is kept, so that the window is whole.
      const first = all.findLastIndex(({ at }) => at <= now - WINDOW_MS);
      looks.set(name, [...all.slice(Math.max(0, first)), { at: now, count }]);
    },
    of(name) {
      const all = looks.get(name) ?? [];
      const [first, last] = [all[0], all.at(-1)];
      if (!first || !last || last.at === first.at) return 0;
      return Math.max(0, (last.count - first.count) * 1_000 / (last.at - first.at));
    },
  };
}
