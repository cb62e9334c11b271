import { describe, type Log } from "../shared/log.ts";
import { backoff, sleep } from "../shared/wait.ts";
import { explainRefusal } from "./refusal.ts";
import { openSocket, type Socket } from "./socket.ts";
import type { Watchdog } from "./watchdog.ts";

/** A good data frame: its stream's name and the exchange's time in ms. */
export interface Seen {
  readonly stream: string;
  readonly eventTime: number;
}

/** What a connection tells. */
export interface Listener {
  /** A text from the exchange; returns what it is where it is good data. */
  onText(text: string): Seen | undefined;
  /** Data may come twice from now on, as a second connection is opened; or no longer. */
  onOverlap(begins: boolean): void;
  onUp(): void;
  /** Nothing is received any more, and why. */
  onDown(words: string): void;
  /** These streams are dead while the market goes on. */
  onMute(streams: readonly string[]): void;
}

/** How a connection is kept. */
export interface Upkeep {
  readonly url: string;
  readonly streams: readonly string[];
  readonly watchdog: Watchdog;
  /** A connection is replaced at this age, less up to a tenth of it, in ms: the exchange ends it at 24 h. */
  readonly rolloverMs: number;
  /** A stream that is silent for so long is looked into, in ms. */
  readonly silenceMs: number;
}

/** A socket and what has been heard on it. */
interface Live {
  readonly socket: Socket;
  readonly since: number;
  /** Event times of the first and the newest good frame. */
  firstTime?: number;
  lastTime?: number;
}

/** Both connections are kept for so long at least once the new one has data, in ms. */
const OVERLAP_MS = 1_000;
/** A new connection that has no data after so long is given up, in ms. */
const DATA_MS = 10_000;

/**
 * Keeps streams connected until the signal is aborted. A lost connection is made anew, for ever; one that grows old or in
 * which a stream died is replaced by one that has data before the old one is closed.
 */
export async function keepConnected(
  upkeep: Upkeep,
  listener: Listener,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { url, watchdog } = upkeep;
  let failures = 0;

  const open = async (): Promise<Live> => {
    const live: { -readonly [K in keyof Live]?: Live[K] } = { since: Date.now() };
    live.socket = await openSocket(url, (text) => {
      if (signal.aborted) return;
      const seen = listener.onText(text);
      if (!seen) return;
      failures = 0;
      live.firstTime ??= seen.eventTime;
      live.lastTime = seen.eventTime;
      watchdog.heard(seen.stream, Date.now());
    });
    return live as Live;
  };

  /** Opens a second connection and closes the first once the second has all that comes; keeps the first if it can't. */
  const replace = async (old: Live): Promise<Live> => {
    listener.onOverlap(true);
    let ended: string | undefined;
    old.socket.closed.then((why) => ended = why);
    let next: Live | undefined;
    try {
      next = await open();
      if (ended !== undefined) {
        // It did not last until the new one was there.
        listener.onDown(ended);
        listener.onUp();
      }
      const fresh = next;
      const start = Date.now();
      const caughtUp = () => fresh.firstTime !== undefined && (old.lastTime ?? 0) >= fresh.firstTime;
      while (!signal.aborted && Date.now() - start < DATA_MS) {
        const waited = Date.now() - start;
        // A dead connection never catches up; where data comes on the new one alone, that is what it is.
        if (
          waited >= OVERLAP_MS && (caughtUp() || (fresh.firstTime !== undefined && waited >= 2 * OVERLAP_MS))
        ) break;
        await sleep(50, signal);
      }
      if (fresh.firstTime === undefined && old.lastTime !== undefined && !signal.aborted) {
        throw new Error(`no data on the new connection within ${DATA_MS / 1000} s`);
      }
      old.socket.close();
      watchdog.reset(Date.now());
      log.info("moved to a new connection");
      return fresh;
    } catch (error) {
      next?.socket.close();
      log.sparsely("replace", "cannot replace the connection yet and keeps the old one", {
        why: describe(error),
      });
      return old;
    } finally {
      listener.onOverlap(false);
    }
  };

  while (!signal.aborted) {
    let words: string;
    let retryAfter = 0;
    try {
      let live = await open();
      const stop = () => live.socket.close();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      listener.onUp();
      watchdog.reset(Date.now());
      log.info("connected to the exchange", { streams: upkeep.streams.length, url: url.slice(0, 80) });
      for (;;) {
        const event = await next(upkeep, live, signal);
        // Told to stop while the connection was being replaced: nobody has closed the new one.
        if (signal.aborted) return live.socket.close();
        if (typeof event === "string") {
          words = event;
          break;
        }
        if (event.mute.length > 0) listener.onMute(event.mute);
        if (event.resubscribe) resubscribe(live.socket, event.mute, log);
        else live = await replace(live);
      }
      signal.removeEventListener("abort", stop);
    } catch (error) {
      ({ words, retryAfter = 0 } = await explainRefusal(url, describe(error)));
    }
    if (signal.aborted) return;
    listener.onDown(words);
    const pause = Math.max(retryAfter, backoff(failures++));
    log.sparsely(words, "not connected to the exchange", { why: words, retry_in_ms: Math.round(pause) });
    await sleep(pause, signal);
  }
}

/** Waits for what ends the quiet life of a connection: its end, its age, or streams that died in it. */
async function next(
  { watchdog, rolloverMs, silenceMs }: Upkeep,
  { socket, since }: Live,
  signal: AbortSignal,
): Promise<string | { mute: string[]; resubscribe: boolean }> {
  const done = new AbortController();
  const over = AbortSignal.any([signal, done.signal]);
  const age = async () => {
    await sleep(since + rolloverMs * (1 - Math.random() / 10) - Date.now(), over);
    return { mute: [], resubscribe: false };
  };
  const watch = async () => {
    while (!over.aborted) {
      await sleep(Math.max(250, silenceMs / 8), over);
      const found = over.aborted ? undefined : await watchdog.check(Date.now());
      if (found) return { mute: found.streams, resubscribe: found.verdict === "resubscribe" };
    }
    return { mute: [], resubscribe: false };
  };
  try {
    return await Promise.race([socket.closed, age(), watch()]);
  } finally {
    done.abort();
  }
}

function resubscribe(socket: Socket, streams: readonly string[], log: Log): void {
  log.warn("streams went mute and are subscribed again", { streams: streams.join() });
  const request = (method: string, id: number) =>
    socket.send(JSON.stringify({ method, params: streams, id }));
  request("UNSUBSCRIBE", 1);
  request("SUBSCRIBE", 2);
}
