/** While two connections carry the same streams, tells what has been seen already. */
export interface Overlap<M> {
  /** A second connection is about to be opened. */
  begin(): void;
  /** One of the two is left. What the other is yet to repeat is still recognised for a while. */
  end(): void;
  isDuplicate(message: M): boolean;
}

/** How far one connection may lag behind another. */
const LAG_MS = 10_000;

/** Remembers nothing outside an overlap: a single connection repeats nothing. `identityOf` tells messages apart. */
export function createOverlap<M>(
  identityOf: (message: M) => string,
  now: () => number = Date.now,
): Overlap<M> {
  const seen = new Set<string>();
  let until = 0;
  return {
    begin() {
      until = Infinity;
    },
    end() {
      until = now() + LAG_MS;
    },
    isDuplicate(message) {
      if (until === 0) return false;
      if (now() > until) {
        seen.clear();
        until = 0;
        return false;
      }
      const identity = identityOf(message);
      if (seen.has(identity)) return true;
      seen.add(identity);
      return false;
    },
  };
}
