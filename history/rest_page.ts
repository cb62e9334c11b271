import { z } from "zod";
import { type Market, pageFor } from "../shared/exchange/markets/mod.ts";
import { fetchedAt, INVALID_SYMBOL, type RestClient, RestRefusal } from "../shared/exchange/rest.ts";
import { faultOf } from "../shared/message.ts";
import type { StreamMessage } from "../shared/stream.ts";
import { lengthOf } from "./interval.ts";
import { FINAL_MS, type Span } from "./plan.ts";
import type { Series } from "./series.ts";

/** What REST gave of the beginning of a span of candles. */
export interface Page {
  /** The candles that do not change any more, in order. */
  readonly final: readonly StreamMessage[];
  /** Up to there candles are final by the exchange's clock, in ms since the epoch; the span's end at most. */
  readonly end: number;
  /** Whether REST may have more of the span. */
  readonly hasMore: boolean;
  /** Where those begin. */
  readonly next: number;
}

/** The time of an answer is cut off to seconds. */
const CUT_MS = 1_000;

/** Whether REST gives what is missing of a stream by its time. */
export function canFetch({ stream, interval }: Pick<Series, "stream" | "interval">): boolean {
  return interval !== "" && stream.feed?.refill?.by === "time";
}

/** How many candles REST gives at once at the least price for each. */
export function pageLimit({ stream }: Pick<Series, "stream">, market: Pick<Market, "limits">): number {
  return pageFor(market.limits[stream.feed!.refill!.path], Infinity).limit;
}

type Asked = Parameters<typeof askPage>;

/**
 * The same, and asks once more for what an answer lacks at its end: one that is empty, or is cut off, by mistake must not make candles of
 * the table count as absent for good. Throws as `askPage` does.
 */
export async function askTwice(source: Asked[0], series: Asked[1], span: Asked[2]): Promise<Page> {
  const page = await askPage(source, series, span);
  if (page.hasMore || page.next >= page.end) return page;
  const rest = await askPage(source, series, { since: page.next, until: span.until });
  return { ...rest, final: [...page.final, ...rest.final] };
}

/**
 * Asks REST for the candles of a span, as many as a page has.
 * @param span of candles that have ended and do not change any more by our clock, which may be wrong
 * @throws {RestRefusal} if the exchange refuses the question
 * @throws {Error} if it gives no answer to it
 */
export async function askPage(
  { client, market, signal }: {
    readonly client: Pick<RestClient, "ask">;
    readonly market: Pick<Market, "paths" | "limits">;
    readonly signal: AbortSignal;
  },
  { stream, symbol, interval }: Series,
  { since, until }: Span,
): Promise<Page> {
  const { feedOf, refill } = stream.feed!;
  const { path, query, row, toMessage, positionOf, nextOf } = refill!;
  const feed = feedOf({ symbol, interval });
  const count = (until - since) / lengthOf(interval)!;
  const { limit: most, weight } = pageFor(market.limits[path], count);
  const limit = Math.min(count, most);
  const request = { ...query(symbol, feed), startTime: since, endTime: until - 1, limit };
  const answer = await client.ask(market.paths[path], request, weight, signal).catch((error) => {
    if (error instanceof RestRefusal && error.code === INVALID_SYMBOL) return { body: [], at: Infinity };
    throw error;
  });
  const { data, error } = z.array(row).max(limit).safeParse(answer.body);
  if (error) throw new Error(`Cannot use REST's answer about ${symbol} ${interval}: ${faultOf(error)}`);
  const time = fetchedAt(answer);
  const messages = data.map((one) => toMessage(one, symbol, feed, time));
  let next = since;
  for (const message of messages) {
    if (positionOf(message) < next || positionOf(message) >= until) {
      throw new Error(`Cannot use REST's answer about ${symbol} ${interval}: its candles are not in order`);
    }
    next = nextOf(message);
  }
  const end = Math.min(until, answer.at + CUT_MS - FINAL_MS);
  const final = messages.filter((message) => nextOf(message) <= end);
  return { final, end, next, hasMore: final.length === limit && next < until };
}
