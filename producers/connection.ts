import { describe, type Log } from "../shared/log.ts";
import { backoff, sleep } from "../shared/wait.ts";
import { openSocket } from "./socket.ts";

/** Streams that share a connection. One copy of Binance's documents allows 1,024, another 200. */
export const MOST_STREAMS = 200;

/** What a connection tells. */
export interface Listener {
  /** A text from the exchange; returns whether it was good data. */
  onText(text: string): boolean;
  /** Connected. */
  onUp(): void;
  /** Not connected, and why. */
  onDown(words: string): void;
}

/** Keeps one connection for the streams until the signal is aborted: it reconnects for ever. */
export async function keepConnected(
  url: string,
  listener: Listener,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let words: string;
    try {
      const socket = await openSocket(url, (text) => {
        if (!signal.aborted && listener.onText(text)) failures = 0;
      });
      listener.onUp();
      log.info("connected to the exchange", { url: shorten(url) });
      const stop = () => socket.close();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      words = await socket.closed;
      signal.removeEventListener("abort", stop);
    } catch (error) {
      words = describe(error);
    }
    if (signal.aborted) return;
    listener.onDown(words);
    const pause = backoff(failures++);
    log.sparsely(words, "not connected to the exchange", { why: words, retry_in_ms: Math.round(pause) });
    await sleep(pause, signal);
  }
}

/** The URLs that carry the streams, so many a connection. Names may be Unicode: 币安人生usdt. */
export function streamUrls(base: string, route: string, streams: readonly string[]): string[] {
  const urls = [];
  for (let i = 0; i < streams.length; i += MOST_STREAMS) {
    const names = streams.slice(i, i + MOST_STREAMS).map((name) =>
      encodeURIComponent(name).replaceAll("%40", "@")
    );
    urls.push(`${base}/${route}/stream?streams=${names.join("/")}`);
  }
  return urls;
}

function shorten(url: string): string {
  return url.length > 120 ? `${url.slice(0, 100)}… (${url.split("/").length - 4} streams)` : url;
}
