import type { Log } from "./log.ts";
import type { Stop } from "./run_apart.ts";

/** Exit codes by convention: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 };

/**
 * One wish to stop can come as several signals: from a terminal or a supervisor to all processes, and once more from each `deno task`,
 * which hands it on. In ms.
 */
export const SAME_WISH_MS = 500;

const DEADLINE_MS = 8_000;
const DRAIN_MS = 9_500;

/** Listens for SIGINT and SIGTERM. The first one stops in order, for 10 s at most; one that comes later than the same wish does ends the process at once. */
export function stopSignals(log: Log): Stop {
  const stop = new AbortController();
  const deadline = new AbortController();
  let stoppedAt = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => {
      if (stop.signal.aborted) {
        if (performance.now() - stoppedAt < SAME_WISH_MS) return;
        Deno.exit(exitCodes[name]);
      }
      stoppedAt = performance.now();
      log.info("stopping: finishing what is in memory; a second signal quits at once", { signal: name });
      stop.abort();
      setTimeout(() => deadline.abort(), DEADLINE_MS);
      setTimeout(() => {
        log.error(`cannot finish within ${DRAIN_MS / 1000} s`);
        Deno.exit(1);
      }, DRAIN_MS);
    });
  }
  return { signal: stop.signal, deadline: deadline.signal };
}
