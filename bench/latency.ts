import type { Options, Progress, Result } from "./benchmark.ts";
import { play, startPipeline } from "./pipeline.ts";
import { firstSeen, type Sighting, startWatch } from "./sightings.ts";
import { type Stack, startStack } from "./stack.ts";
import { measured, percentile, rounded } from "./statistics.ts";
import { spread, table } from "./table.ts";

/** Messages a second, of ten symbols: a usual market, and a fast one. */
const RATES = [1_000, 10_000];

const WARM_UP_SECONDS = 5;
const SECONDS = 20;

/** Delays of one run, in ms. */
interface Delays {
  /** From the writing of the frame to the socket until its row was visible to another session. */
  readonly p50: number;
  readonly p99: number;
  /** The part of it until the producer had the frame; known to the millisecond. */
  readonly receiptP50: number;
}

/** How long a frame takes from the exchange's socket until another session sees its row, at two rates in turns. */
export async function run(progress: Progress, { runs }: Options): Promise<Result> {
  await using stack = await startStack(progress);
  const delays: Delays[][] = RATES.map(() => []);
  for (let run = 1; run <= runs; run++) {
    for (const [i, rate] of RATES.entries()) {
      progress(`run ${run} of ${runs} at ${rate.toLocaleString("en")} messages/s`);
      delays[i].push(await measure(stack, rate));
    }
  }
  const figures = delays.map((all) => ({
    p50: measured(all.map(({ p50 }) => p50)),
    p99: measured(all.map(({ p99 }) => p99)),
    receipt: measured(all.map(({ receiptP50 }) => receiptP50)),
  }));
  return {
    lines: table(
      ["frame sent → row visible", "p50 ms", "p99 ms", "of it to receipt, p50 ms"],
      figures.map(({ p50, p99, receipt }, i) => [
        `${RATES[i].toLocaleString("en")} messages/s, 10 symbols`,
        spread(p50),
        spread(p99),
        spread(receipt),
      ]),
    ),
    json: {
      latency: figures.map(({ p50, p99 }, i) => ({
        rate: RATES[i],
        p50_ms: rounded(p50.median),
        p99_ms: rounded(p99.median),
      })),
    },
  };
}

async function measure(stack: Stack, rate: number): Promise<Delays> {
  await using pipeline = await startPipeline(stack);
  const { database } = pipeline;
  await using watch = startWatch(database.connect());
  const sent = await play(pipeline, rate, WARM_UP_SECONDS + SECONDS);
  const sightings = await watch.stop();
  const from = sent[0].updateId + WARM_UP_SECONDS * 1e6;
  const rows = await database.sql<Row[]>`
    select update_id::float8 as sent, xmin::text::float8 as transaction,
      extract(epoch from received_at)::float8 * 1e6 as received
    from websocket.order_book_data where update_id >= ${from}`;
  const visible = delaysOf(rows, sightings);
  const receipt = rows.map(({ sent, received }) => (received - sent) / 1_000).sort((a, b) => a - b);
  return {
    p50: percentile(visible, 0.5),
    p99: percentile(visible, 0.99),
    receiptP50: percentile(receipt, 0.5),
  };
}

/** A row: when its frame was sent and when the producer had it, in µs since the epoch; which transaction wrote it. */
interface Row {
  readonly sent: number;
  readonly received: number;
  readonly transaction: number;
}

/** From the sending of each row's frame until the row was visible, in ms, sorted. */
function delaysOf(rows: readonly Row[], sightings: readonly Sighting[]): number[] {
  const seen = new Map<number, number>();
  for (const { transaction } of rows) {
    if (!seen.has(transaction)) seen.set(transaction, firstSeen(transaction, sightings) ?? NaN);
  }
  const delays = rows.map(({ sent, transaction }) => (seen.get(transaction)! - sent) / 1_000);
  if (delays.some(Number.isNaN)) {
    throw new Error("Cannot measure a delay as a row was never seen by the other session");
  }
  return delays.sort((a, b) => a - b);
}
