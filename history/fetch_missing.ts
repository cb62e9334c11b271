import { columnName } from "../shared/columns.ts";
import { transact } from "../shared/postgres/transaction.ts";
import { attempt } from "./attempts.ts";
import { lengthOf } from "./interval.ts";
import { missingSpans } from "./missing.ts";
import type { Span } from "./plan.ts";
import { askPage } from "./rest_page.ts";
import type { Series } from "./series.ts";
import { type Source, storeGiven } from "./source.ts";
import { within } from "./target.ts";

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
  for (const lacking of missingSpans(rows.map((row) => row.open_time), span, lengthOf(interval)!)) {
    absent += await fetchSpan(source, series, lacking);
  }
  return absent;
}

/** Fetches and stores the final candles that the exchange has of a span, and returns how many others it has not. */
async function fetchSpan(source: Source, series: Series, { since, until }: Span): Promise<number> {
  let stored = 0;
  let end = until;
  for (let left: Span | undefined = { since, until }; left;) {
    const page = await askPage(source, series, left);
    await storeGiven(source, series.stream, page.final);
    stored += page.final.length;
    end = page.end;
    left = page.hasMore ? { since: page.next, until } : undefined;
  }
  return Math.max(0, Math.floor((end - since) / lengthOf(series.interval)!) - stored);
}
