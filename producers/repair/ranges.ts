import { z } from "zod";
import type { RestAnswer } from "../../shared/exchange/rest.ts";
import { pageFor, type Rows } from "../../shared/exchange/markets/mod.ts";
import { faultOf } from "../../shared/message.ts";
import type { Refill } from "../../shared/stream.ts";

/** What a gap lacks of a feed: the positions from the first to the last one, both included. */
export interface Range {
  readonly stream: string;
  readonly feed: string;
  readonly symbol: string;
  readonly first: number;
  readonly last: number;
  /** How many positions there may be. */
  readonly positions: number;
  /** When the first of it happened, in ms since the epoch. */
  readonly startsAt: number;
  /** An answer that the exchange makes earlier may still change. In ms since the epoch. */
  readonly finalAt: number;
  /** What an answer lacks that the exchange makes later may be too old for it. In ms since the epoch, Infinity where nothing is. */
  readonly reachEndsAt: number;
  /** It began before the exchange's answers reach back. It is asked for by its time, and what it lacks at first is not absent. */
  readonly isCut?: boolean;
}

/** What the exchange may still get of a range after it is final, as where its REST API is behind, in ms. */
export const BEHIND_MS = 600_000;

/** The name of a range's feed among those of all streams. */
export const feedKey = ({ stream, feed }: Pick<Range, "stream" | "feed">): string => `${stream} ${feed}`;

/** What an answer says of a range. */
export interface Found<M> {
  readonly messages: readonly M[];
  /** The range is answered up to this position. */
  readonly upTo: number;
  /** Where the exchange has nothing, up to there: first and last positions. */
  readonly absent: readonly (readonly [number, number])[];
}

/** The request for a range, or for its beginning, and what it costs. */
export function requestFor<M>(
  refill: Refill<M>,
  { symbol, feed, first, last, positions, startsAt, isCut }: Range,
  rows: Rows,
): { readonly query: Record<string, string | number>; readonly limit: number; readonly weight: number } {
  const { limit: most, weight } = pageFor(rows, positions);
  const limit = refill.by === "time" ? Math.min(positions, most) : most;
  const from: Record<string, number> = refill.by === "time"
    ? { startTime: first, endTime: last }
    // Nothing is known of the ids before a symbol's first trade.
    : first === 0 || isCut
    ? { startTime: startsAt }
    : { fromId: first };
  return { query: { ...refill.query(symbol, feed), ...from, limit }, limit, weight };
}

/**
 * Reads an answer: the exchange gives its rows in order, from the range's beginning on. An answer that ends within the range says nothing
 * of what comes after it: the exchange may be behind, or may have cut it off. Of candles, for which no later row is asked, the second such
 * answer does, once the range has been final for `BEHIND_MS`.
 * @param limit how many rows the answer has if there are more of them
 * @param fetchedAt in ms since the epoch
 * @param isAgain whether an earlier answer could not be used
 * @throws {Error} if it is no answer to the question
 */
export function readAnswer<M>(
  refill: Refill<M>,
  { symbol, feed, first, last, finalAt, reachEndsAt, isCut }: Range,
  { body, at }: RestAnswer,
  limit: number,
  fetchedAt: number,
  isAgain = true,
): Found<M> {
  if (at < finalAt) throw new Error("it came too early: the exchange may still change what it says");
  const { data: rows, error } = z.array(refill.row).safeParse(body);
  if (error) throw new Error(faultOf(error));
  const messages: M[] = [];
  const absent: [number, number][] = [];
  let next = first;
  for (const row of rows) {
    const message = refill.toMessage(row, symbol, feed, fetchedAt);
    const position = refill.positionOf(message);
    if (position < next || refill.nextOf(message) <= position) {
      throw new Error(`its rows are not in order: ${position} where ${next} or more must come`);
    }
    if (position > last) break;
    if (position > next && !(isCut && messages.length === 0)) absent.push([next, position - 1]);
    messages.push(message);
    next = refill.nextOf(message);
  }
  // What was asked for by its time may all be older than that.
  if (isCut && messages.length === 0 && rows.length > 0) return { messages, upTo: last, absent };
  const isShort = rows.length < limit;
  const isWhole = messages.length < rows.length || next > last ||
    isShort && refill.by === "time" && isAgain && at >= finalAt + BEHIND_MS;
  if (isShort && !isWhole && messages.length === 0) {
    throw new Error("it ends before the range does: what it lacks may still come");
  }
  if (isWhole && next <= last) absent.push([next, last]);
  if (absent.length > 0 && at > reachEndsAt) {
    throw new Error("it came too late: what it lacks may be older than what the exchange still serves");
  }
  return { messages, upTo: isWhole ? last : next - 1, absent };
}

/** What is left of a range that is answered up to a position; undefined if nothing is. */
export function restOf(range: Range, upTo: number): Range | undefined {
  const { first, last, positions } = range;
  if (upTo >= last) return undefined;
  // An estimate is enough: it chooses the size of the next page.
  const share = (last - upTo) / (last - first + 1);
  return { ...range, first: upTo + 1, positions: Math.max(1, Math.ceil(positions * share)), isCut: false };
}
