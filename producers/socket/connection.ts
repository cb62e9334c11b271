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
  let lostAt: number | undefined;

  const open = async (isNew: boolean): Promise<Live> => {
    const now = performance.now();
    const end = new AbortController();
    const heard: Writable<Omit<Live, "socket">> = {
      since: now,
      heardAt: now,
      answeredTo: now,
      isNew,
      requests: new Map(),
      ending: end.signal,
    };
    const socket = await openSocket(url, (data) => {
      if (signal.aborted) return;
      const seen = listener.onFrame(data, heard.isNew);
      if (seen === "shutdown") end.abort();
      if (typeof seen !== "object") return;
      if ("answerTo" in seen) return onAnswer(heard, seen.answerTo);
      failures = 0;
      if (seen.eventTime !== undefined) {
        heard.firstTime ??= seen.eventTime;
        heard.lastTime = seen.eventTime;
      }
      heard.heardAt = performance.now();
      watchdog.heard(seen.feed, heard.heardAt);
    }, signal);
    return Object.assign(heard, { socket });
  };

  const onAnswer = ({ requests }: Pick<Live, "requests">, id: unknown) => {
    watchdog.answered(performance.now());
    requests.get(id)?.();
    requests.delete(id);
  };

  while (!signal.aborted) {
    let words: string;
    let isLasting = false;
    await sleep(requestPause.left, signal);
    try {
      const live = await open(false);
      listener.onUp();
      watchdog.reset(performance.now());
      const lost = lostAt === undefined ? {} : { lost_for_ms: Math.round(performance.now() - lostAt) };
      log.info("connected to the exchange", { feeds: feeds.length, ...lost, url: url.slice(0, 80) });
      words = await superviseConnection(live, open, options, listener, signal, log);
      lostAt = performance.now();
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
