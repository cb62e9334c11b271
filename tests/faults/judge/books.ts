import { OFFSET_MS } from "./bounds.ts";
import type { Ledger } from "./ledger.ts";
import { createTally, type Verdict } from "./verdict.ts";

/** A bookTicker as the exchange played it. */
export interface BookFrame {
  readonly u: number;
  readonly s: string;
  readonly b: string;
  readonly B: string;
  readonly a: string;
  readonly A: string;
  readonly T: number;
  readonly E: number;
}

/** A row of the table: decimals as text, times in ms. */
export interface BookRow {
  readonly symbol: string;
  readonly updateId: number;
  readonly transactionTime: number;
  readonly eventTime: number;
  readonly bidPrice: string;
  readonly bidQty: string;
  readonly askPrice: string;
  readonly askQty: string;
}

/**
 * Compares rows with what was played, both in the order of the update id, which rises over all symbols. Neither is held
 * in memory: a run of millions is judged as well as one of ten.
 */
export async function judgeBooks(
  frames: AsyncIterable<BookFrame>,
  rows: AsyncIterable<BookRow>,
  ledger: Ledger,
): Promise<Verdict> {
  const tally = createTally();
  const iterator = rows[Symbol.asyncIterator]();
  const advance = async () => (await iterator.next()).value as BookRow | undefined;
  let row = await advance();
  let lastId = NaN;

  const surplus = (one: BookRow) =>
    one.updateId === lastId
      ? tally.add("doubled", JSON.stringify(one))
      : tally.add("wrong", `nobody sent ${JSON.stringify(one)}`);

  for await (const frame of frames) {
    tally.add("sent");
    for (; row && row.updateId < frame.u; row = await advance()) surplus(row);
    lastId = frame.u;
    const feed = `${frame.s.toLowerCase()}@bookTicker`;
    if (row?.updateId !== frame.u) {
      tally.add(ledger.missing(feed, frame.E), `book ${JSON.stringify(frame)}`);
      continue;
    }
    ledger.stored(feed, frame.E);
    if (isSame(frame, row)) tally.add("stored");
    else tally.add("wrong", `${JSON.stringify(frame)} is stored as ${JSON.stringify(row)}`);
    row = await advance();
  }
  for (; row; row = await advance()) surplus(row);
  return tally.verdict;
}

function isSame(frame: BookFrame, row: BookRow): boolean {
  const ahead = row.eventTime - frame.E;
  return row.symbol === frame.s && row.transactionTime === frame.T && row.bidPrice === frame.b &&
    row.bidQty === frame.B && row.askPrice === frame.a && row.askQty === frame.A && ahead >= 0 &&
    ahead <= OFFSET_MS;
}
