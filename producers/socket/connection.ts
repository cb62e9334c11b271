import { describe, type Log } from "../../shared/log.ts";
import { backoff, sleep } from "../../shared/wait.ts";
import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import { explainRefusal, refusalLasts } from "./refusal.ts";
import { openSocket, type Socket } from "./socket.ts";
import { superviseConnection } from "./supervise.ts";
import type { Watchdog } from "./watchdog.ts";

/** A good data frame: its feed, and the exchange's time of its last message in ms. */
export interface Seen {
  readonly stream: string;
  /** Absent if it can't be true, and where the frame has no message. */
  readonly eventTime?: number;
  /** It came on another connection before. */
  readonly isRepeated: boolean;
}

/** What a frame is: good data, or word that the exchange is about to end the connection. */
export type Heard = Seen | "shutdown";

/** What a connection tells. */
export interface Listener {
  /** A frame from the exchange, a text or bytes; returns what it is. */
  onFrame(data: string | Uint8Array): Heard | undefined;
  /** Data may come twice from now on, as a second connection is opened; or no longer. */
  onOverlap(begins: boolean): void;
  onUp(): void;
  /** Nothing is received any more, why, and whether a person must act. */
  onDown(words: string, isLasting?: boolean): void;
  /** These streams are dead while the market goes on. */
  onMute(streams: readonly string[]): void;
  /** What came between these two event times is missing, of all streams. */
  onMissed(from: number, to: number): void;
}

/** How a connection is kept. */
export interface ConnectionOptions {
  readonly url: string;
  readonly streams: readonly string[];
  readonly watchdog: Watchdog;
  /** Shared by all connections. */
  readonly requestPause: RequestPause;
  /** A connection is replaced at this age, less up to a tenth of it, in ms: the exchange ends it at 24 h. */
  readonly rolloverMs: number;
  /** A stream that is silent for so long is looked into, in ms. */
  readonly silenceMs: number;
}

/** A socket and what has been heard on it. */
export interface Live {
  readonly socket: Socket;
  /** When it was opened; this and `heardAt` are ms of `performance.now()`. */
  readonly since: number;
  /** Aborted once the exchange has said that it will end it. */
  readonly ending: AbortSignal;
  /** Event times of the first and the newest good frame. */
  readonly firstTime?: number;
  readonly lastTime?: number;
  /** When the newest one came; at first, when it was opened. */
  readonly heardAt: number;
  /** Frames that had come on another connection before. */
  readonly repeats: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Keeps streams connected until the signal is aborted. A lost connection is made anew, for ever; one that grows old or in
 * which a stream died is replaced by one that has data before the old one is closed.
 */
export async function keepConnected(
  options: ConnectionOptions,
  listener: Listener,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const { url, streams, watchdog, requestPause } = options;
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
      if (!seen || seen === "shutdown") return;
      failures = 0;
      if (seen.eventTime !== undefined) {
        heard.firstTime ??= seen.eventTime;
        heard.lastTime = seen.eventTime;
      }
      heard.heardAt = performance.now();
      if (seen.isRepeated) heard.repeats++;
      watchdog.heard(seen.stream, heard.heardAt);
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
      log.info("connected to the exchange", { streams: streams.length, url: url.slice(0, 80) });
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
