import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import type { Socket } from "./socket.ts";
import type { Watchdog } from "./watchdog.ts";

/** A good data frame. */
export interface Seen {
  readonly feed: string;
  /** The exchange's time of the last message in ms. Absent if it can't be true, or if the frame has no message. */
  readonly eventTime?: number;
}

/** The exchange granted the request of that id. */
export interface Answer {
  readonly answerTo: unknown;
}

/** What a frame is: good data, an answer to a request, or a notice that the exchange is about to end the connection. */
export type Heard = Seen | Answer | "shutdown";

/** What a connection tells. */
export interface Listener {
  /** A frame from the exchange, a text or bytes; returns what it is. `isNew`: see `Live`. */
  onFrame(data: string | Uint8Array, isNew: boolean): Heard | undefined;
  /** A second connection is about to be opened, so that data may come twice. */
  onReplacing(): void;
  /** Only one is left: the second, which takes the place of the first, or the first. */
  onReplaced(isReplaced: boolean): void;
  onUp(): void;
  /** The exchange has confirmed that these feeds are subscribed again. */
  onSubscribed(feeds: readonly string[]): void;
  /** A request is sent. What is returned is called once it is answered. */
  onAsking(): () => void;
  /** Nothing is received any more: why, and whether a person must act. */
  onDown(words: string, isLasting?: boolean): void;
  /** These feeds are dead, though the connection is open. */
  onMute(feeds: readonly string[]): void;
  /** The second connection takes the place of the first, which ended or fell silent before it had given all that the second lacks. */
  onCutShort(): void;
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
  /** It is to take the place of another connection, and has not yet. */
  isNew: boolean;
  /** What is called when a request is answered, by the request's id. */
  readonly requests: Map<unknown, () => void>;
  /** When the socket was opened; this and `heardAt` are ms of `performance.now()`. */
  readonly since: number;
  /** Aborted once the exchange has said that it will end the connection. */
  readonly ending: AbortSignal;
  /** Event times of the first and the newest good frame. */
  readonly firstTime?: number;
  readonly lastTime?: number;
  /** When the newest good frame came; at first, when the socket was opened. */
  readonly heardAt: number;
  /** When the newest request was sent that it has answered, in ms of `performance.now()`; at first when the socket was opened. */
  answeredTo: number;
}

/** What a connection tells of its feeds. Times are the exchange's, in ms. */
export interface FeedListener {
  /** A good message came, repeated or not. It is not in the outlet yet. `isNew`: on a connection that is to take the place of another. */
  message(feed: string, eventTime: number, isNew: boolean, message: unknown): void;
  subscribed(feeds: readonly string[]): void;
  /** Nothing comes on these feeds any more. */
  lost(feeds: readonly string[], reason: string): void;
  /** These feeds have been dead since their last message. */
  mute(feeds: readonly string[]): void;
  /** The second connection takes the place of the first, which had all that came before; or it is given up. */
  endReplacing(isReplaced: boolean): void;
  /** The connection is asked something. What is returned is called once it answers. */
  asking(): () => void;
}
