import type { Coverage as Row } from "../../shared/streams/coverage.ts";
import type { Progress } from "./frontier.ts";

/** The exchange's time now, in whole ms: it is between these two. -Infinity and Infinity where it is not known. */
export interface ExchangeClock {
  earliest(): number;
  latest(): number;
}

/** A feed that says nothing. */
export interface SilentFeed {
  readonly feed: string;
  /** It is covered up to here, in ms of the exchange's time. */
  readonly since: number;
  /** The newest that came on it, if any. */
  readonly message: unknown;
  /** Whether it was silent as another connection took the place of the first, too: a gap unless it is `confirmed`. */
  readonly isUrgent: boolean;
}

/** What a session covers. */
export interface SessionOptions {
  /** Unlike that of any other session of any producer. */
  readonly session: string;
  readonly producer: string;
  /** The stream's name. */
  readonly stream: string;
  /** The exchange's names of the feeds, each with its symbol. */
  readonly feeds: ReadonlyMap<string, string>;
  readonly clock: ExchangeClock;
  /** Where messages go, and where dead letters go. */
  readonly outlets: readonly Progress[];
  /** Whether a feed's silence may mean that it is dead. Where that can't be judged, as of liquidations, silence counts as covered. */
  readonly judgesSilence: boolean;
}

/**
 * Keeps account of what one session covers: a connection and those that took its place. It is told what happens, and asked once a
 * second for what is to be told. Feeds that are not the session's are ignored.
 */
export interface Session {
  /**
   * A good message came, repeated or not; called before it is given to the outlet. `isNew`: on a connection that is to take the place
   * of another, which may be behind it. The newest `message` of each feed is kept for `silent`.
   */
  message(feed: string, eventTime: number, isNew?: boolean, message?: unknown): void;
  /** The exchange has confirmed the subscription of these feeds a moment ago. */
  subscribed(feeds: Iterable<string>): void;
  /** Nothing comes on these feeds any more. What they said last was received. */
  lost(feeds: Iterable<string>, reason: string): void;
  /** These feeds have been dead since their last message. */
  mute(feeds: Iterable<string>): void;
  /** The second connection takes the place of the first, which had all that came before; or it is given up. */
  endReplacing(isReplaced: boolean): void;
  /** The full buffer dropped a message, which was the outlet's push of that number, counted from 0. */
  dropped(feed: string, eventTime: number, push: number): void;
  /** The full buffer of dead letters dropped one, which was its push of that number. Nobody knows of which feed it was. */
  droppedLetter(push: number): void;
  /** The connection answered a request. `sentAt`: the earliest exchange time at which that was sent. */
  answered(sentAt: number): void;
  /** Nothing has happened on the feed between its last message and `at`, by another way than the connection. */
  confirmed(feed: string, at: number): void;
  /** The feeds that are covered no further than their last message, as they have been silent for too long. */
  silent(): SilentFeed[];
  /** Notes how far the feeds have come: what is told is at most as far behind as the newest note of which all is acked. */
  mark(): void;
  /** Nothing more will come: all intervals end. */
  stop(): void;
  /**
   * What is to be told now, in order; the last row is of the session itself. To be sent with the producer's name as the key, and all
   * of it acked before the next call. `startedAt`: when the producer started, in ms of the exchange's time, the same at each call.
   */
  take(startedAt: number): Row[];
  /** Whether all is told, after `stop`. */
  readonly isTold: boolean;
  /** Whether something was told of each feed. */
  readonly isNamed: boolean;
}
