import { sleep } from "../../shared/wait.ts";
import type { Listener, Live } from "./types.ts";

/** The old connection must come this far past the point where the new one began, since feeds differ in their delay. In ms. */
const OVERLAP_MS = 1_000;
/** If nothing comes on the old connection for this time while the new one has data, nothing more will come on it. In ms. */
const SILENT_MS = 3_000;
/** The time that a new connection may take to have data, and an old one to catch up with it, in ms. */
const MOST_MS = 10_000;

/**
 * Opens a second connection, and closes the first once it has given all that the second lacks. A first one that ends or falls silent
 * before that, and answers no request either, is told as lost, unless it `isDead`: that has been told already.
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
    const caughtUp = await catchUp(old, fresh, signal);
    const mustSpeak = isSparse ? old.heardAt > since : old.lastTime !== undefined;
    if (fresh.firstTime === undefined && mustSpeak && !signal.aborted) {
      throw new Error(`no data on the new connection within ${MOST_MS / 1000} s`);
    }
    if (!caughtUp && !isDead && !signal.aborted && (fresh.firstTime !== undefined || ended !== undefined)) {
      listener.onCutShort();
    }
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

/**
 * Waits until the old connection has come past the point where the new one began; returns false if it does not. It has where a message
 * of a later time came on it, or where it answered a request that was sent later, as a connection keeps its order.
 */
async function catchUp(old: Live, fresh: Live, signal: AbortSignal): Promise<boolean> {
  const start = performance.now();
  let dataSince = Infinity;
  for (;;) {
    const now = performance.now();
    if (fresh.firstTime !== undefined) dataSince = Math.min(dataSince, now);
    const caughtUp = (old.lastTime ?? 0) - (fresh.firstTime ?? Infinity) >= OVERLAP_MS ||
      old.answeredTo - dataSince >= OVERLAP_MS;
    const isSilent = now - Math.max(old.heardAt, dataSince) >= SILENT_MS;
    if (caughtUp || isSilent || signal.aborted || now - start >= MOST_MS) return caughtUp;
    await sleep(50, signal);
  }
}
