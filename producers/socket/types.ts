import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import type { Socket } from "./socket.ts";
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

/** What a source tells of the exchange's feeds. */
export interface FeedListener {
  /** A good message came on the feed, with the exchange's time in ms. */
  seen(feed: string, eventTime: number): void;
  subscribed(feeds: readonly string[]): void;
  /** Nothing comes on these feeds any more. */
  lost(feeds: readonly string[], reason: "lost connection" | "mute stream"): void;
  /** What came on these feeds between two event times was not received, though the connection was never lost. */
  missed(feeds: readonly string[], from: number, to: number): void;
}
