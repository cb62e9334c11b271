import { sleep } from "../../shared/wait.ts";
import type { Listener, Live } from "./types.ts";

/** The old connection must come this far past the point where the new one began, since feeds differ in their delay. In ms. */
const OVERLAP_MS = 1_000;
/** If nothing comes on the old connection for this time while the new one has data, nothing more will come on it. In ms. */
const SILENT_MS = 2_000;
/** The time that a new connection may take to have data, and an old one to catch up with it, in ms. */
const MOST_MS = 10_000;

/**
 * Opens a second connection, and closes the first once it has given all that the second lacks. What the first never gave is told as
 * missed, unless the first `isDead`: that has been told already.
 * @param isSparse whether the feeds may have nothing to say for hours: then the second may be silent while the first is
 * @throws {Error} if the second can't be opened or has no data: the first is kept
 */
export async function replace(
  old: Live,
  { isDead, isSparse }: { isDead: boolean; isSparse: boolean },
  open: (isNew: boolean) => Promise<Live>,
  listener: Listener,
  signal: AbortSignal,
): Promise<Live> {
  listener.onReplacing();
  let isReplaced = false;
  let ended: string | undefined;
  old.socket.closed.then((why) => ended = why);
  const { repeats } = old;
  let fresh: Live | undefined;
  try {
    fresh = await open(true);
    if (ended !== undefined) {
      // The old one ended before the new one was open.
      fresh.isNew = false;
      listener.onDown(ended);
      listener.onUp();
      return fresh;
    }
    const since = performance.now();
    const caughtUp = await catchUp(old, repeats, fresh, signal);
    const mustSpeak = isSparse ? old.heardAt > since : old.lastTime !== undefined;
    if (fresh.firstTime === undefined && mustSpeak && !signal.aborted) {
      throw new Error(`no data on the new connection within ${MOST_MS / 1000} s`);
    }
    if (!caughtUp && !isDead && isBehind(old, fresh)) listener.onMissed(old.lastTime!, fresh.firstTime!);
    old.socket.close();
    fresh.isNew = false;
    // Where all ends, the new one may have more than the old one had come to.
    isReplaced = !signal.aborted;
    return fresh;
  } catch (error) {
    fresh?.socket.close();
    throw error;
  } finally {
    listener.onReplaced(isReplaced);
  }
}

function isBehind({ lastTime }: Live, { firstTime }: Live): boolean {
  return lastTime !== undefined && firstTime !== undefined && lastTime < firstTime;
}

/**
 * Waits until the old connection has reached the point where the new one began; returns false if it does not reach it. A connection
 * keeps its order: once a message has come on both, the old one has reached that point.
 */
async function catchUp(old: Live, repeats: number, fresh: Live, signal: AbortSignal): Promise<boolean> {
  const start = performance.now();
  let dataSince = Infinity;
  for (;;) {
    const now = performance.now();
    const caughtUp = old.repeats > repeats || fresh.repeats > 0;
    if (fresh.firstTime !== undefined) dataSince = Math.min(dataSince, now);
    const isSilent = now - Math.max(old.heardAt, dataSince) >= SILENT_MS;
    const isPast = (old.lastTime ?? 0) - (fresh.firstTime ?? Infinity) >= OVERLAP_MS;
    if (caughtUp && isPast || isSilent || signal.aborted || now - start >= MOST_MS) return caughtUp;
    await sleep(50, signal);
  }
}
