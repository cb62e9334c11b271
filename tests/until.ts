import { poll } from "../shared/poll.ts";

/** Functions that return what else to print when a wait times out. */
export const witnesses = new Set<() => string>();

/** What takes a second on an idle machine may take minutes on a busy one. Only a failing test waits this long, in ms. */
const LIMIT_MS = 180_000;

/**
 * Waits until a condition returns something truthy, and returns that.
 * @throws {Error} when that takes longer than `ms`, with the last lines of the workers that run
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  ms = LIMIT_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const result = await poll(condition, { ms, pauseMs: 20 });
  if (result) return result;
  throw new Error(
    [`${what} did not come within ${ms / 1000} s`, ...[...witnesses].map((one) => one())].join("\n"),
  );
}
