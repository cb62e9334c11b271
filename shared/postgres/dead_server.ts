import type { Duplex } from "node:stream";
import { sleep } from "../wait.ts";

/** How long a request may have no answer before the server is checked, in ms. A statement may wait for a lock. */
const ANSWER_LIMIT_MS = 30_000;
/** How often that is checked, in ms. */
const LOOK_MS = 10_000;

/**
 * Destroys a connection whose server is gone without closing it, as when its host loses power. TCP reports that after 15 minutes
 * (Linux: tcp_retries2), and a proxy in between never does. If a request has no answer for 30 s, `isAnswering` is asked. While the
 * server answers other connections, the connection waits without a limit.
 *
 * @param isAnswering whether the server answers on another connection
 * @param fault makes the error that the connection is destroyed with
 */
export function closeWhenServerIsGone<T extends Duplex>(
  socket: T,
  isAnswering: () => Promise<boolean>,
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
      // The answer may have come meanwhile.
      if (!await isAnswering() && askedAt === asked) socket.destroy(fault());
    }
  };
  watch();
  return socket;
}
