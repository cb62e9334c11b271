import { describe } from "../../shared/log.ts";

/** A connection to the exchange. */
export interface Socket {
  /** Resolves once the connection has ended, with the reason in words. */
  readonly closed: Promise<string>;
  send(text: string): void;
  /** Ends the connection; nothing is received afterwards. */
  close(): void;
}

/** How long a connection may take to open, in ms. */
const OPEN_MS = 10_000;

/**
 * Connects to a stream URL of the exchange.
 * @throws {Error} saying why the exchange was not reached, or why it refused; also if the signal is aborted before it is connected
 */
export function openSocket(
  url: string,
  onFrame: (data: string | Uint8Array) => void,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const closed = Promise.withResolvers<string>();
    const timer = setTimeout(() => fail(`it did not answer within ${OPEN_MS / 1000} s`), OPEN_MS);
    const stop = () => fail("told to stop");
    signal.addEventListener("abort", stop, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    const fail = (why: string) => {
      settle();
      socket.close();
      reject(new Error(`Cannot connect to the exchange at ${new URL(url).origin}: ${why}`));
    };
    const end = (why: string) => {
      socket.onmessage = null;
      closed.resolve(why);
    };
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => onFrame(typeof data === "string" ? data : new Uint8Array(data));
    socket.onerror = (event) => {
      const why = describe((event as ErrorEvent).error ?? (event as ErrorEvent).message);
      fail(why);
      end(why);
    };
    socket.onclose = ({ code, reason }) => {
      const why = `closed by the exchange, code ${code}${reason && `, ${reason}`}`;
      fail(why);
      end(why);
    };
    socket.onopen = () => {
      settle();
      resolve({
        closed: closed.promise,
        send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
        close() {
          end("closed by us");
          socket.close();
        },
      });
    };
  });
}
