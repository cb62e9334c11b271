import { sleep } from "../shared/wait.ts";

/** More to say about a wait that was in vain. */
export const witnesses = new Set<() => string>();

/** What takes a second on an idle machine may take minutes on a busy one. Only a test that fails waits so long. */
const LIMIT_MS = 180_000;

/**
 * Waits until a condition holds, and returns what it gave.
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
        [`Waited ${ms / 1000} s in vain for ${what}`, ...[...witnesses].map((one) => one())].join("\n"),
      );
    }
    await sleep(20);
  }
}
