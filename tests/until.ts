import { sleep } from "../shared/wait.ts";

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
  const end = performance.now() + ms;
  for (;;) {
    const result = await condition();
    if (result) return result as Exclude<T, false | null | undefined>;
    if (performance.now() > end) {
      throw new Error(
        [`${what} did not come within ${ms / 1000} s`, ...[...witnesses].map((one) => one())].join("\n"),
      );
    }
    await sleep(20);
  }
}
