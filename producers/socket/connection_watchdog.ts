import type { Finding, Watchdog } from "./watchdog.ts";

/**
 * Watches feeds of which a silence tells nothing, as they speak only now and then: only the connection as a whole is judged. Where
 * nothing comes it is asked, and it is dead if `silence` ms pass without data and without an answer.
 */
export function createConnectionWatchdog(feeds: readonly string[], silence: number, now: number): Watchdog {
  let heardAt = now;
  const note = (now: number) => void (heardAt = now);
  const judge = (silent: number): Finding | undefined => {
    if (silent >= silence) return { verdict: "reconnect", feeds };
    if (silent >= silence / 2) return { verdict: "ask", feeds: [] };
  };
  return {
    heard: (_feed, now) => note(now),
    answered: note,
    reset: note,
    check: (now) => Promise.resolve(judge(now - heardAt)),
  };
}
