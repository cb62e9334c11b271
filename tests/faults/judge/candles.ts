import { OFFSET_MS } from "./bounds.ts";
import type { Ledger } from "./ledger.ts";
import { createTally, type Verdict } from "./verdict.ts";

/** A kline frame as the exchange played it. */
export interface KlineFrame {
  readonly E: number;
  readonly k:
    & {
      readonly [field in "s" | "i" | "o" | "h" | "l" | "c" | "v" | "q" | "V" | "Q"]: string;
    }
    & { readonly [field in "t" | "T" | "f" | "L" | "n"]: number }
    & { readonly x: boolean };
}

/** A row of the table: decimals as text, times in ms. */
export interface KlineRow {
  readonly symbol: string;
  readonly interval: string;
  readonly openTime: number;
  readonly eventTime: number;
  /** All other fields, in the order of `valuesOf`. */
  readonly values: readonly (string | number | boolean)[];
}

/** What of a frame its row must equal to the letter. */
export const valuesOf = ({ k }: KlineFrame): KlineRow["values"] => [
  ...[k.T, k.o, k.h, k.l, k.c, k.v, k.q, k.V, k.Q, k.n, k.f, k.L, k.x],
];

/** A message on Kafka's topic, as text. */
export const sentKey = (symbol: string, interval: string, openTime: number, eventTime: number) =>
  `${symbol} ${interval} ${openTime} ${eventTime}`;

/**
 * Compares candles with the frames that were played of them. A row must be one of its candle's frames, to the letter;
 * those before it were rightly replaced, those after it are missing. Of those that were replaced `sent` says whether they were
 * received: one that is not on Kafka may have been missed, or merged with a later one, so it explains a gap and needs none.
 */
export function judgeCandles(
  frames: Iterable<KlineFrame>,
  rows: readonly KlineRow[],
  sent: ReadonlySet<string>,
  ledger: Ledger,
): Verdict {
  const tally = createTally();
  const rowsOf = Map.groupBy(rows, (row) => `${row.symbol} ${row.interval} ${row.openTime}`);
  const all: { readonly frame: KlineFrame; readonly is: "stored" | "missing" | "replaced" }[] = [];

  for (const [key, candle] of Map.groupBy(frames, ({ k }) => `${k.s} ${k.i} ${k.t}`)) {
    const [row, ...more] = rowsOf.get(key) ?? [];
    rowsOf.delete(key);
    for (const one of more) tally.add("doubled", JSON.stringify(one));
    const newest = row ? candle.findLastIndex((frame) => isSame(frame, row)) : -1;
    if (row && newest < 0) tally.add("wrong", `nobody sent ${JSON.stringify(row)}`);
    candle.forEach((frame, i) => {
      tally.add("sent");
      if (i <= newest) tally.add("stored");
      const isKnown = i === newest || wasSent(frame, sent);
      all.push({ frame, is: i > newest ? "missing" : isKnown ? "stored" : "replaced" });
    });
  }
  for (const { frame, is } of all.sort((a, b) => a.frame.E - b.frame.E)) {
    const feed = `${frame.k.s.toLowerCase()}@kline_${frame.k.i}`;
    if (is !== "missing") ledger[is](feed, frame.E);
    else tally.add(ledger.missing(feed, frame.E), `kline ${JSON.stringify(frame)}`);
  }
  for (const row of [...rowsOf.values()].flat()) tally.add("wrong", `nobody sent ${JSON.stringify(row)}`);
  return tally.verdict;
}

function wasSent({ E, k }: KlineFrame, sent: ReadonlySet<string>): boolean {
  return Array.from({ length: OFFSET_MS + 1 }, (_, ahead) => sentKey(k.s, k.i, k.t, E + ahead))
    .some((key) => sent.has(key));
}

function isSame(frame: KlineFrame, row: KlineRow): boolean {
  const ahead = row.eventTime - frame.E;
  const values = valuesOf(frame);
  return ahead >= 0 && ahead <= OFFSET_MS && values.every((value, i) => value === row.values[i]);
}
