import { isTransient } from "../shared/postgres/error.ts";
import type { Log } from "../shared/log.ts";
import { retryForever } from "../shared/retry.ts";
import { TransferError } from "./archive.ts";

/** How often a transfer is attempted: the pauses in between add up to half a minute. */
const MOST_TRANSFERS = 10;

/** Attempts something again while the database is away, and a few times while the archive is. */
export function attempt<T>(what: () => Promise<T>, log: Log, signal: AbortSignal): Promise<T> {
  let transfers = 0;
  return retryForever(what, {
    signal,
    log,
    kind: "exchange",
    passing: (error) =>
      error instanceof TransferError ? ++transfers < MOST_TRANSFERS : !signal.aborted && isTransient(error),
  });
}
