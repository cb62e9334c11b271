import { type Ledger, OFFSET_MS } from "./ledger.ts";
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

/**
 * Compares candles with the frames that were played of them. A row must be one of its candle's frames, to the letter;
 * those before it were rightly replaced, those after it are missing.
 */
export function judgeCandles(
  frames: Iterable<KlineFrame>,
  rows: readonly KlineRow[],
  ledger: Ledger,
): Verdict {
  const tally = createTally();
  const rowsOf = Map.groupBy(rows, (row) => `${row.symbol} ${row.interval} ${row.openTime}`);

  for (const [key, candle] of Map.groupBy(frames, ({ k }) => `${k.s} ${k.i} ${k.t}`)) {
    const [row, ...more] = rowsOf.get(key) ?? [];
    rowsOf.delete(key);
    for (const one of more) tally.fault("doubled", JSON.stringify(one));
    const newest = row ? candle.findLastIndex((frame) => isSame(frame, row)) : -1;
    if (row && newest < 0) tally.fault("wrong", `nobody sent ${JSON.stringify(row)}`);
    candle.forEach((frame, i) => {
      tally.add("sent");
      const { s } = frame.k;
      if (i <= newest) tally.add("stored");
      else if (ledger.covers("kline", s, frame.E)) tally.add("inGaps");
      else tally.fault("lost", `kline ${JSON.stringify(frame)}`);
      if (i === newest && ledger.claims("kline", s, frame.E)) {
        tally.fault("overclaimed", `kline ${JSON.stringify(frame)}`);
      }
    });
  }
  for (const row of [...rowsOf.values()].flat()) tally.fault("wrong", `nobody sent ${JSON.stringify(row)}`);
  return tally.verdict;
}

function isSame(frame: KlineFrame, row: KlineRow): boolean {
  const ahead = row.eventTime - frame.E;
  const values = valuesOf(frame);
  return ahead >= 0 && ahead <= OFFSET_MS && values.every((value, i) => value === row.values[i]);
}
