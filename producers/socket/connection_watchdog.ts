import type { Finding, Watchdog } from "./watchdog.ts";

/**
 * Watches feeds of which a silence tells nothing, as they speak only now and then: only the connection as a whole is judged. It
 * is dead if `silence` ms pass without data and without an answer to a request.
 */
export function createConnectionWatchdog(feeds: readonly string[], silence: number, now: number): Watchdog {
  let heardAt = now;
  const note = (now: number) => void (heardAt = now);
  const judge = (silent: number): Finding | undefined => {
    if (silent >= silence) return { verdict: "reconnect", feeds };
  };
  return {
    heard: (_feed, now) => note(now),
    answered: note,
    caughtUp() {},
    isSuspicious: false,
    reset: note,
    check: (now) => Promise.resolve(judge(now - heardAt)),
  };
}
