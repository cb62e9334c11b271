import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

/** The frames that are on their way to one client. Many go out in one write: that is what makes 20,000 a second cheap. */
export interface Outbox {
  /** Bytes that the client has not taken yet. */
  readonly backlog: number;
  add(frame: Uint8Array): void;
  /** Adds a frame before the last one that still waits; false, and nothing added, if none waits. */
  addEarlier(frame: Uint8Array): boolean;
  /** Writes what waits, as far as the speed allows. */
  flush(): void;
  /** Limits the speed until `endsAt`, in ms since the epoch. */
  slowDown(bytesPerSecond: number, endsAt: number): void;
}

export function createOutbox(socket: Duplex): Outbox {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let limit: { bytesPerSecond: number; endsAt: number } | undefined;
  let allowance = 0;
  let allowedAt = 0;

  const write = (frames: Uint8Array[]) => {
    if (frames.length === 0) return;
    const bytes = Buffer.concat(frames);
    waitingBytes -= bytes.length;
    socket.write(bytes);
  };

  /** How many frames may go now: a frame may begin while some allowance is left, however long it is. */
  const allowed = (bytesPerSecond: number) => {
    const now = performance.now();
    allowance = Math.min(bytesPerSecond, allowance + (now - allowedAt) / 1_000 * bytesPerSecond);
    allowedAt = now;
    let count = 0;
    while (count < waiting.length && allowance > 0) allowance -= waiting[count++].length;
    return count;
  };

  return {
    get backlog() {
      return waitingBytes + socket.writableLength;
    },
    add(frame) {
      waiting.push(frame);
      waitingBytes += frame.length;
    },
    addEarlier(frame) {
      if (waiting.length === 0) return false;
      waiting.splice(-1, 0, frame);
      waitingBytes += frame.length;
      return true;
    },
    flush() {
      if (limit && performance.now() < limit.endsAt) {
        return write(waiting.splice(0, allowed(limit.bytesPerSecond)));
      }
      write(waiting);
      waiting = [];
    },
    slowDown(bytesPerSecond, endsAt) {
      limit = { bytesPerSecond, endsAt };
      allowance = 0;
      allowedAt = performance.now();
    },
  };
}
