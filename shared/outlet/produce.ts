import type { Outlet } from "./outlet.ts";

/**
 * Where messages come from. It puts them into the outlets that it was made with, and resolves once it has no more or the signal is
 * aborted. It is a function and not an async iterable: a socket pushes and can't be paused, so that an iterable would need a
 * second buffer in front of the outlet's, and one promise a message. A source that can wait asks its outlet for `room`.
 */
export type Source = (signal: AbortSignal) => Promise<void>;

/**
 * Sends what the source gives, until the source has ended and all of it is acked.
 * @param outlets those that the source puts messages into; they end with it
 * @param signal aborted: the source ends, and what the outlets hold is still sent
 * @throws the first error of the source or of an outlet
 */
export async function produce(
  source: Source,
  outlets: readonly Pick<Outlet, "run" | "close">[],
  signal: AbortSignal,
): Promise<void> {
  const close = () => {
    for (const outlet of outlets) outlet.close();
  };
  await Promise.all([source(signal).finally(close), ...outlets.map((outlet) => outlet.run())]);
}
