import { sleep } from "../shared/wait.ts";
import type { Listener, Live } from "./connection.ts";

/** Both connections are kept for so long at least once the new one has data, in ms. */
const OVERLAP_MS = 1_000;
/** A new connection that has no data after so long is given up, in ms. */
const DATA_MS = 10_000;

/**
 * Opens a second connection and closes the first once the second has all that comes.
 * @throws {Error} if there is no second one, or no data on it: the first is kept
 */
export async function replace(
  old: Live,
  open: () => Promise<Live>,
  listener: Listener,
  signal: AbortSignal,
): Promise<Live> {
  listener.onOverlap(true);
  let ended: string | undefined;
  old.socket.closed.then((why) => ended = why);
  let fresh: Live | undefined;
  try {
    fresh = await open();
    if (ended !== undefined) {
      // It did not last until the new one was there.
      listener.onDown(ended);
      listener.onUp();
    }
    await untilItCarries(fresh, old, signal);
    old.socket.close();
    return fresh;
  } catch (error) {
    fresh?.socket.close();
    throw error;
  } finally {
    listener.onOverlap(false);
  }
}

async function untilItCarries(fresh: Live, old: Live, signal: AbortSignal): Promise<void> {
  const start = Date.now();
  const caughtUp = () => fresh.firstTime !== undefined && (old.lastTime ?? 0) >= fresh.firstTime;
  while (!signal.aborted && Date.now() - start < DATA_MS) {
    const waited = Date.now() - start;
    // A dead connection never catches up; where data comes on the new one alone, that is what it is.
    if (waited >= OVERLAP_MS && (caughtUp() || (fresh.firstTime !== undefined && waited >= 2 * OVERLAP_MS))) {
      break;
    }
    await sleep(50, signal);
  }
  if (fresh.firstTime === undefined && old.lastTime !== undefined && !signal.aborted) {
    throw new Error(`no data on the new connection within ${DATA_MS / 1000} s`);
  }
}
