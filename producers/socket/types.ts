import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import type { Socket } from "./socket.ts";
import type { Watchdog } from "./watchdog.ts";

/** A good data frame. */
export interface Seen {
  readonly feed: string;
  /** The exchange's time of the last message in ms. Absent if it can't be true, or if the frame has no message. */
  readonly eventTime?: number;
  /** The last message came on another connection before. */
  readonly isRepeated: boolean;
}

/** What a frame is: good data, an answer to a request, or a notice that the exchange is about to end the connection. */
export type Heard = Seen | "answer" | "shutdown";

/** What a connection tells. */
export interface Listener {
  /** A frame from the exchange, a text or bytes; returns what it is. */
  onFrame(data: string | Uint8Array): Heard | undefined;
  /** A second connection is about to be opened, so that data may come twice; or only one is left. */
  onOverlap(begins: boolean): void;
  onUp(): void;
  /** Nothing is received any more: why, and whether a person must act. */
  onDown(words: string, isLasting?: boolean): void;
  /** These feeds are dead, though the connection is open. */
  onMute(feeds: readonly string[]): void;
  /** What came on all feeds between these two event times is missing. */
  onMissed(from: number, to: number): void;
}

/** How a connection is kept. */
export interface ConnectionOptions {
  readonly url: string;
  readonly feeds: readonly string[];
  readonly watchdog: Watchdog;
  /** Shared by all connections. */
  readonly requestPause: RequestPause;
  /** A connection is replaced at this age in ms, less up to a tenth of it. The exchange ends connections at 24 h. */
  readonly rolloverMs: number;
  /** Whether the feeds may have nothing to say for hours: a new connection need not have data to replace the old one. */
  readonly isSparse: boolean;
  /** For how long a feed may be silent before it is judged, in ms. */
  readonly silenceMs: number;
}

/** A socket and what has come on it. */
export interface Live {
  readonly socket: Socket;
  /** When the socket was opened; this and `heardAt` are ms of `performance.now()`. */
  readonly since: number;
  /** Aborted once the exchange has said that it will end the connection. */
  readonly ending: AbortSignal;
  /** Event times of the first and the newest good frame. */
  readonly firstTime?: number;
  readonly lastTime?: number;
  /** When the newest good frame came; at first, when the socket was opened. */
  readonly heardAt: number;
  /** Good frames that had come on another connection before. */
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
