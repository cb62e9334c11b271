import { z } from "zod";
import { copyParts } from "../consumers/postgres/copy.ts";
import { createEncoder } from "../consumers/postgres/encoder.ts";
import { encodeParts } from "../consumers/postgres/parts.ts";
import { statementsOf } from "../consumers/postgres/statements.ts";
import { columnName } from "../shared/columns.ts";
import type { Market } from "../shared/exchange/markets/mod.ts";
import { type RestClient, RestRefusal } from "../shared/exchange/rest.ts";
import type { Log } from "../shared/log.ts";
import { faultOf } from "../shared/message.ts";
import { ownSettings, transact } from "../shared/postgres/transaction.ts";
import type { StreamMessage } from "../shared/stream.ts";
import { attempt } from "./attempts.ts";
import { lengthOf } from "./interval.ts";
import { missingSpans } from "./missing.ts";
import { FINAL_MS, type Span } from "./plan.ts";
import type { Series } from "./series.ts";
import { type Target, within } from "./target.ts";

/** Where candles are asked for, and stored. */
export interface Source {
  readonly target: Target;
  readonly client: RestClient;
  readonly market: Market;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Binance: "Error Codes": Invalid symbol. */
const UNKNOWN_SYMBOL = -1121;

/** The time of an answer is cut off to seconds. */
const CUT_MS = 1_000;

/** Whether REST gives what is missing of a stream by its time. */
export function canFetch({ stream, interval }: Pick<Series, "stream" | "interval">): boolean {
  return interval !== "" && stream.feed?.refill?.by === "time";
}

/**
 * Fetches the candles of a span that the table lacks. Returns how many there are not at the exchange, either. Candles that may still
 * change by the exchange's clock are left out, and are not counted.
 * @param span of candles that have ended and do not change any more by our clock, which may be wrong
 * @throws {RestRefusal} if the exchange refuses the question
 * @throws {Error} if it gives no answer to it
 */
export async function fetchMissing(source: Source, series: Series, span: Span): Promise<number> {
  const { target: { sql, schema }, log, signal } = source;
  const { stream, interval } = series;
  const length = lengthOf(interval)!;
  const column = columnName(stream.archive!.time);
  const rows = await attempt(
    () =>
      transact(
        sql,
        `select (extract(epoch from ${column}) * 1000)::float8 as open_time from ${schema}."${stream.message.topic}"
        where ${within(stream, series, span)} and is_closed order by 1`,
      ),
    log,
    signal,
  );
  let absent = 0;
  for (const lacking of missingSpans(rows.map((row) => row.open_time), span, length)) {
    absent += await fetchSpan(source, series, lacking, length);
  }
  return absent;
}

/** Fetches and stores the final candles that the exchange has of a span, and returns how many others it has not. */
async function fetchSpan(
  { target: { sql, schema }, client, market, log, signal }: Source,
  { stream, symbol, interval }: Series,
  { since, until }: Span,
  length: number,
): Promise<number> {
  const { feedOf, refill } = stream.feed!;
  const { path, query, row, toMessage, positionOf, nextOf } = refill!;
  const { pages } = market.limits[path];
  const feed = feedOf({ symbol, interval });
  const store = async function (messages: StreamMessage[]) {
    const parts = encodeParts(
      (async function* () {
        yield await Promise.resolve(messages);
      })(),
      createEncoder<StreamMessage>(stream.storage),
    );
    await copyParts(sql, ownSettings + statementsOf(stream, schema).upsert, parts);
  };
  let stored = 0;
  let end = until;
  for (let next = since; next < until;) {
    const count = (until - next) / length;
    const { limit: most, weight } = pages.find(({ limit }) => limit >= count) ?? pages.at(-1)!;
    const limit = Math.min(count, most);
    const request = { ...query(symbol, feed), startTime: next, endTime: until - 1, limit };
    const answer = await client.ask(market.paths[path], request, weight, signal).catch((error) => {
      if (error instanceof RestRefusal && error.code === UNKNOWN_SYMBOL) return { body: [], at: Infinity };
      throw error;
    });
    const { data, error } = z.array(row).max(limit).safeParse(answer.body);
    if (error) throw new Error(`Cannot use REST's answer about ${symbol} ${interval}: ${faultOf(error)}`);
    const messages = data.map((one) => toMessage(one, symbol, feed, Date.now()));
    for (const message of messages) {
      if (positionOf(message) < next || positionOf(message) >= until) {
        throw new Error(`Cannot use REST's answer about ${symbol} ${interval}: its candles are not in order`);
      }
      next = nextOf(message);
    }
    end = Math.min(until, answer.at + CUT_MS - FINAL_MS);
    const final = messages.filter((message) => nextOf(message) <= end);
    if (final.length > 0) await attempt(() => store(final), log, signal);
    stored += final.length;
    if (final.length < limit) break;
  }
  return Math.max(0, Math.floor((end - since) / length) - stored);
}
