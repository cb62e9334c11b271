/** While two connections carry the same feeds, recognises the messages that have come already. */
export interface Overlap<M> {
  /** A second connection is about to be opened. */
  begin(): void;
  /** One of the two is left. What it repeats of the other's messages is still recognised for a while. */
  end(): void;
  isDuplicate(message: M): boolean;
}

/** How far one connection may lag behind another, in ms. */
const LAG_MS = 10_000;

/**
 * Outside an overlap it remembers nothing, as a single connection repeats nothing. Within one it forgets what is older than twice the
 * lag: attempts to open the second connection may go on for days. `identityOf` tells messages apart.
 */
export function createOverlap<M>(
  identityOf: (message: M) => string,
  now: () => number = () => performance.now(),
): Overlap<M> {
  let recent = new Set<string>();
  let older = new Set<string>();
  let turnedAt = 0;
  let until = 0;
  const turn = (time: number) => {
    older = recent;
    recent = new Set();
    turnedAt = time;
  };
  return {
    begin() {
      until = Infinity;
    },
    end() {
      until = now() + LAG_MS;
    },
    isDuplicate(message) {
      if (until === 0) return false;
      const time = now();
      if (time - turnedAt >= LAG_MS) turn(time);
      if (time > until) {
        turn(time);
        turn(time);
        until = 0;
        return false;
      }
      const identity = identityOf(message);
      if (recent.has(identity) || older.has(identity)) return true;
      recent.add(identity);
      return false;
    },
  };
}
