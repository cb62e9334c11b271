import { DAY } from "../local/exchange/archive/past.ts";
import { type Range, requestFor } from "../producers/repair/ranges.ts";
import { readConfig } from "../shared/config/config.ts";
import { usualMarket } from "../shared/exchange/markets/mod.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { kline } from "../shared/streams/kline.ts";
import { sleep } from "../shared/wait.ts";
import { SEED, storedCandles, trueCandles } from "../tests/archive.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { type PastExchange, servePast, yesterday } from "./past_exchange.ts";
import { memoryOf } from "./process.ts";
import { freshDatabase, newName, type Stack, startStack } from "./stack.ts";
import { rounded } from "./statistics.ts";
import { table } from "./table.ts";

const MINUTE = 60_000;
const CANDLES = DAY / MINUTE;
const anyRange: Range = {
  ...{ stream: "kline", feed: "btcusdt@kline_1m", symbol: "BTCUSDT", positions: CANDLES },
  ...{ first: 0, last: DAY - MINUTE, startsAt: 0, finalAt: 0, reachEndsAt: Infinity },
};
/** Above so many times the least time the run is given up. */
const MOST = 10;

/**
 * How long a day's outage takes to be repaired, of the candles of many symbols and at the default budget, against the least time that the
 * budget allows. It is measured once, as it takes minutes, from the beginning of a minute of the exchange on.
 */
export async function run(progress: Progress, { symbols: count }: Options): Promise<Result> {
  const symbols = Array.from({ length: count }, (_, n) => `BENCH${n}USDT`);
  const day = yesterday();
  await using stack = await startStack(progress);
  await using exchange = await servePast(symbols, day, SEED);
  const { weightPerMinute } = readConfig({});
  const cost = costOfADay();
  const weight = count * cost.weight;
  const least = weight / weightPerMinute * MINUTE / 1_000;
  progress(`${weight} of weight, ${weightPerMinute} a minute: ${Math.round(least)} s at least`);
  const { seconds, memory } = await repairOnce(stack, exchange, symbols, day, least, progress);
  const used = { requests: exchange.requests, weight_a_minute: exchange.weight.most };
  if (used.requests !== count * cost.requests) {
    throw new Error(`Cannot count ${used.requests} requests where ${count * cost.requests} are enough`);
  }
  if (used.weight_a_minute > weightPerMinute || exchange.weight.refused > 0) {
    throw new Error(`Cannot count a run that used ${used.weight_a_minute} of weight in a minute`);
  }
  const ratio = rounded(seconds / least);
  const rows = [
    ["s until all gaps are repaired", String(rounded(seconds))],
    ["s at least, at the default budget", String(rounded(least))],
    ["times as long", String(ratio)],
    ["requests", String(used.requests)],
    ["weight, the most in a minute", `${used.weight_a_minute} of ${weightPerMinute}`],
    ["memory of the worker, MB", String(rounded(memory))],
  ];
  return {
    lines: table([`candles of a day, ${count} symbols`, ""], rows),
    json: { repair: { symbols: count, seconds, least, ratio, memory, ...used } },
  };
}

/** The requests for the candles of a symbol's day, and their weight. */
function costOfADay(): { readonly requests: number; readonly weight: number } {
  const refill = kline.feed!.refill!;
  const limits = usualMarket.limits[refill.path];
  const cost = { requests: 0, weight: 0 };
  for (let positions = CANDLES; positions > 0;) {
    const { limit, weight } = requestFor(refill, { ...anyRange, positions }, limits);
    cost.requests++;
    cost.weight += weight;
    positions -= limit;
  }
  return cost;
}

interface Repair {
  /** From the start of the worker's process until no gap is left. */
  readonly seconds: number;
  /** The worker's greatest resident memory, in MB. */
  readonly memory: number;
}

/** @throws {Error} if a candle is wrong or missing, or the gaps are not repaired */
async function repairOnce(
  stack: Stack,
  exchange: PastExchange,
  symbols: readonly string[],
  day: number,
  least: number,
  progress: Progress,
): Promise<Repair> {
  await using database = await freshDatabase(stack);
  const { sql } = database;
  await addGaps(sql, symbols, day);
  const env = {
    ...{ BOOTSTRAP_SERVER: stack.kafka.bootstrap, TOPIC_PREFIX: `${newName()}.`, DB_URL: database.url },
    ...{ BINANCE_REST_URL: exchange.url, KAFKA_GROUP_ID: newName() },
  };
  await using consumer = stack.startWorker("kline:consume", env);
  await consumer.says(/joined the group/);
  progress("waiting for a minute to begin");
  await sleep(MINUTE - Date.now() % MINUTE);
  const startedAt = performance.now();
  const since = () => (performance.now() - startedAt) / 1_000;
  await using worker = stack.startWorker("repair", env);
  let toldAt = 0;
  for (;;) {
    const [{ left }] =
      await sql`select count(*)::int as left from websocket.gap_data where state <> 'repaired'`;
    if (left === 0) break;
    if (since() > MOST * Math.max(60, least)) throw new Error(`Cannot wait for ${left} more gaps`);
    if (since() > toldAt + 20) {
      toldAt = since();
      progress(`${Math.round(toldAt)} s: ${symbols.length - left} of ${symbols.length} gaps are repaired`);
    }
    await sleep(250);
  }
  const seconds = since();
  const { highest } = await memoryOf(worker.pid);
  progress("comparing the rows");
  for (const symbol of symbols) await requireCandles(sql, symbol, day);
  return { seconds, memory: highest };
}

/** An outage of a day, as the gap ledger has it. */
async function addGaps(sql: Sql, symbols: readonly string[], day: number): Promise<void> {
  await sql`
    insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason)
    select 'kline', lower(symbol) || '@kline_1m', symbol, ${new Date(day)}, ${new Date(
    day + DAY,
  )}, 'lost connection'
    from unnest(${[...symbols]}::text[]) as symbol`;
}

async function requireCandles(sql: Sql, symbol: string, day: number): Promise<void> {
  const [stored, expected] = [
    await storedCandles(sql, symbol, "1m"),
    trueCandles(symbol, "1m", day, day + DAY),
  ];
  const wrong = expected.findIndex((line, n) => line !== stored[n]);
  if (wrong >= 0 || stored.length !== expected.length) {
    throw new Error(
      `Cannot count a wrong row of ${symbol}: ${stored[wrong]} where there must be ${expected[wrong]}`,
    );
  }
}
