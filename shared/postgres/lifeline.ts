import type { Duplex } from "node:stream";
import { sleep } from "../wait.ts";

/** For so long a server may leave a connection without an answer, in ms: somebody may hold a lock. */
const ANSWER_LIMIT_MS = 30_000;
const LOOK_MS = 10_000;

/**
 * Breaks a connection off whose server is gone without a word, as when its host loses power: TCP tells of that after a quarter
 * of an hour (Linux: tcp_retries2), and a proxy in between never. What waits for an answer is looked into after half a minute:
 * a server that still answers others by `isThere` is waited for, however long.
 */
export function brokenOff<T extends Duplex>(
  socket: T,
  isThere: () => Promise<boolean>,
  fault: () => Error,
): T {
  let askedAt: number | undefined;
  const closed = new AbortController();
  socket.once("close", () => closed.abort());
  socket.on("data", () => askedAt = undefined);
  const { write } = socket;
  socket.write = (...args: unknown[]) => {
    askedAt ??= performance.now();
    return write.apply(socket, args as Parameters<typeof write>);
  };
  const watch = async () => {
    for (;;) {
      await sleep(LOOK_MS, closed.signal);
      if (closed.signal.aborted) return;
      const asked = askedAt;
      if (asked === undefined || performance.now() - asked < ANSWER_LIMIT_MS) continue;
      // An answer may come while it is looked into.
      if (!await isThere() && askedAt === asked) socket.destroy(fault());
    }
  };
  watch();
  return socket;
}
