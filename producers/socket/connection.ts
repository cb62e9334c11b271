import { describe, type Log } from "../../shared/log.ts";
import { backoff, sleep } from "../../shared/wait.ts";
import { explainRefusal, refusalLasts } from "./refusal.ts";
import { openSocket } from "./socket.ts";
import { superviseConnection } from "./supervise.ts";
import type { ConnectionOptions, Listener, Live } from "./types.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Keeps feeds connected until the signal is aborted. A lost connection is opened again, for ever. A connection that grows old, or on
 * which a feed died, is replaced: the old one is closed once the new one has data.
 */
export async function keepConnected(
  options: ConnectionOptions,
  listener: Listener,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { url, feeds, watchdog, requestPause } = options;
  let failures = 0;

  const open = async (): Promise<Live> => {
    const now = performance.now();
    const end = new AbortController();
    const heard: Writable<Omit<Live, "socket">> = {
      since: now,
      heardAt: now,
      repeats: 0,
      ending: end.signal,
    };
    const socket = await openSocket(url, (data) => {
      if (signal.aborted) return;
      const seen = listener.onFrame(data);
      if (seen === "shutdown") end.abort();
      if (seen === "answer") watchdog.answered(performance.now());
      if (typeof seen !== "object") return;
      failures = 0;
      if (seen.eventTime !== undefined) {
        heard.firstTime ??= seen.eventTime;
        heard.lastTime = seen.eventTime;
      }
      heard.heardAt = performance.now();
      if (seen.isRepeated) heard.repeats++;
      watchdog.heard(seen.feed, heard.heardAt);
    }, signal);
    return Object.assign(heard, { socket });
  };

  while (!signal.aborted) {
    let words: string;
    let isLasting = false;
    await sleep(requestPause.left, signal);
    try {
      const live = await open();
      listener.onUp();
      watchdog.reset(performance.now());
      log.info("connected to the exchange", { feeds: feeds.length, url: url.slice(0, 80) });
      words = await superviseConnection(live, open, options, listener, signal, log);
    } catch (error) {
      if (signal.aborted) return;
      isLasting = refusalLasts(describe(error));
      words = await explainRefusal(url, describe(error), requestPause);
    }
    if (signal.aborted) return;
    listener.onDown(words, isLasting);
    const pause = Math.max(requestPause.left, backoff(failures++));
    log.sparsely("exchange", "not connected to the exchange", { why: words, retry_in_ms: Math.round(pause) });
    await sleep(pause, signal);
  }
}
