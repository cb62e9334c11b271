import { transact } from "../shared/postgres/transaction.ts";
import { attempt } from "./attempts.ts";
import { FILES } from "./import.ts";
import { lengthOf } from "./interval.ts";
import { DAY, type Span } from "./plan.ts";
import { pool } from "./pool.ts";
import { createProgress } from "./progress.ts";
import { type Audit, endedSpan } from "./report.ts";
import { askTwice, canFetch, pageLimit } from "./rest_page.ts";
import type { Series } from "./series.ts";
import { type Source, storeGiven } from "./source.ts";
import { instant, literal } from "./target.ts";

/** So much is looked through at once, in ms: a candle is a number in memory. */
const LOOK_MS = 30 * DAY;

/** Whether what the table has of a series can be compared with REST. */
export function canCompare(series: Series): boolean {
  return canFetch(series) && series.stream.archive?.uncompared !== undefined;
}

/**
 * Compares the closed candles of a span with REST's, each once: what was compared before is not asked for again. What differs is replaced
 * by REST's version. A candle that differs is noted before it is replaced, and counts as not compared until it is.
 * @throws {RestRefusal} if the exchange refuses a question
 * @throws {Error} if it gives no answer to it, or the signal is aborted
 */
export async function auditCandles(source: Source, series: readonly Series[], span: Span): Promise<Audit> {
  const { signal } = source;
  // An earlier run may have been killed before it was said.
  await noteReplaced(source);
  const lists = await pool(series.filter(canCompare), FILES, signal, async (one) => {
    const spans = await spansToCompare(source, one, endedSpan(one, span));
    return spans.map((span) => ({ series: one, span }));
  });
  const pages = lists.flat();
  const progress = createProgress(pages.length, "requests to REST");
  try {
    const audits = await pool(pages, FILES, signal, async ({ series, span }) => {
      const shown = progress.begin();
      const audit = await compare(source, series, span);
      shown.read(audit.compared, 1);
      shown.end(true);
      return audit;
    });
    const sum = (field: keyof Audit) => audits.reduce((sum, audit) => sum + audit[field], 0);
    return { compared: sum("compared"), replaced: sum("replaced"), lacking: sum("lacking") };
  } finally {
    progress.close();
  }
}

/** The spans to ask for, of a page each. */
async function spansToCompare(
  { target: { sql, schema }, market, log, signal }: Source,
  series: Series,
  { since, until }: Span,
): Promise<Span[]> {
  const { stream: { archive }, symbol, interval } = series;
  const all: Span[] = [];
  for (let at = since; at < until; at += LOOK_MS) {
    const span = [at, Math.min(until, at + LOOK_MS)].map(instant);
    const rows = await attempt(
      () =>
        transact(
          sql,
          `select (extract(epoch from one) * 1000)::float8 as opens
          from ${schema}.${archive!.uncompared}(${literal(symbol)}, ${
            literal(interval)
          }, ${span}) as one order by one`,
        ),
      log,
      signal,
    );
    const opens = rows.map((row) => row.opens);
    all.push(...spansOf(opens, pageLimit(series, market), lengthOf(interval)!));
  }
  return all;
}

/**
 * The spans of so many candles at most that have these candles and no others: what is not stored, or compared already, is not asked for.
 * @param opens when they open, in order, in ms since the epoch
 * @param length of a candle, in ms
 */
export function spansOf(opens: readonly number[], most: number, length: number): Span[] {
  const spans: { since: number; until: number }[] = [];
  for (const open of opens) {
    const last = spans.at(-1);
    if (last?.until === open && open < last.since + most * length) last.until = open + length;
    else spans.push({ since: open, until: open + length });
  }
  return spans;
}

async function compare(source: Source, series: Series, span: Span): Promise<Audit> {
  const { target: { sql, schema }, log, signal } = source;
  const { stream, symbol, interval } = series;
  const { feedOf, refill } = stream.feed!;
  const { final, end } = await askTwice(source, series, span);
  const length = lengthOf(interval)!;
  const count = Math.floor((end - span.since) / length);
  if (count <= 0) return { compared: 0, replaced: 0, lacking: 0 };
  const words = [stream.message.name, feedOf({ symbol, interval }), symbol].map(literal);
  const last = span.since + (count - 1) * length;
  const given = `${literal(JSON.stringify(final))}::jsonb`;
  const rows = await attempt(
    () =>
      transact(
        sql,
        `select position::float8 from ${schema}.judge_answer(${words}, ${span.since}, ${last}, ${given}) as position`,
      ),
    log,
    signal,
  );
  const wrong = new Set(rows.map(({ position }) => position));
  const replacing = final.filter((message) => wrong.has(refill!.positionOf(message)));
  if (replacing.length > 0) {
    await storeGiven(source, stream, replacing);
    await noteReplaced(source);
  }
  return { compared: final.length, replaced: replacing.length, lacking: count - final.length };
}

/** Has the database say of the candles that differed, and whose replacement is stored, that they are repaired. */
async function noteReplaced({ target: { sql, schema }, log, signal }: Source): Promise<void> {
  await attempt(() => transact(sql, `select ${schema}.note_replaced('-infinity')`), log, signal);
}
