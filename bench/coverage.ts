import { createSession } from "../producers/coverage/track_session.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { startDatabase } from "./database.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { type Measured, measured } from "./statistics.ts";
import { spread, table } from "./table.ts";

const FEEDS = 800;
const INTERVALS = 100_000;
const ROUNDS = 20;
const MESSAGES = 5_000_000;

/**
 * What coverage costs: a round of the job that keeps the gap ledger, at 100,000 intervals of 800 feeds, where nothing has changed,
 * one feed and all feeds; the rows of a day in which nothing breaks; and a producer's account of its messages.
 */
export async function run(progress: Progress, { runs }: Options): Promise<Result> {
  await using database = await startDatabase(progress);
  const sql = database.connect();
  progress(`${INTERVALS.toLocaleString("en")} intervals`);
  await fill(sql);
  const idle = await roundsOf(sql, 0, progress);
  const one = await roundsOf(sql, 1, progress);
  const all = await roundsOf(sql, FEEDS, progress);
  const [{ rows }] =
    await sql`select count(*)::int as rows from websocket.coverage_data where session = 'live'`;
  await sql.end();
  progress("a producer's account");
  const account = measured(Array.from({ length: runs }, accountFor));
  const second = measured(Array.from({ length: runs }, secondOf));

  const lines = [
    ["a round, nothing changed, ms", spread(idle)],
    ["a round, one feed changed, ms", spread(one)],
    [`the longest of the rounds, all ${FEEDS} feeds changed, ms`, spread(all)],
    [`rows of ${FEEDS} feeds covered for a day`, String(rows)],
    ["a message's account, ns", spread(account)],
    [`a second's messages of ${FEEDS} feeds, ms of a core`, spread(second)],
  ];
  return {
    lines: table([`${INTERVALS.toLocaleString("en")} intervals`, ""], lines),
    json: {
      coverage: {
        ...{ round_idle_ms: idle.median, round_one_feed_ms: one.median, round_all_feeds_ms: all.median },
        ...{ rows_a_day: rows, account_ns: account.median, second_ms: second.median },
      },
    },
  };
}

/** A past of intervals with gaps between them, and 800 feeds that have been covered for a day without a break. */
async function fill(sql: Sql): Promise<void> {
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    select 'past', 'default', 'book', 's' || feed || 'usdt@bookTicker', 'S' || feed || 'USDT',
      now() - interval '10 days' + n * interval '10 min', now() - interval '10 days' + n * interval '10 min' + interval '9 min',
      'lost connection', 1
    from generate_series(1, ${FEEDS}) as feed, generate_series(1, ${INTERVALS / FEEDS}) as n`;
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    select 'live', 'default', 'book', 's' || feed || 'usdt@bookTicker', 'S' || feed || 'USDT',
      now() - interval '1 day', now() - interval '1 day', 'open', 1
    from generate_series(1, ${FEEDS}) as feed`;
  await heartbeat(sql);
  await keepGaps(sql);
  await sql`vacuum analyze`;
}

/** What the producer says every second; then the topic is read to its end. */
async function heartbeat(sql: Sql): Promise<void> {
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    select 'live', 'default', 'book', '', '', now() - interval '1 day', now(), 'open', extract(epoch from clock_timestamp()) * 1000`;
  await sql`
    insert into websocket.coverage_reads values (0, 1, now() - interval '1 day', now())
    on conflict (partition) do update set read_at = excluded.read_at`;
}

/** Runs rounds until nothing is left to do at once; returns how long the longest took, in ms. */
async function keepGaps(sql: Sql): Promise<number> {
  for (let longest = 0;;) {
    const since = performance.now();
    const [{ done }] = await sql`select * from websocket.keep_gaps()`;
    longest = Math.max(longest, performance.now() - since);
    if (done === null) return longest;
  }
}

/** The longest rounds in ms, each after so many feeds lost their connection and had it again. */
async function roundsOf(sql: Sql, feeds: number, progress: Progress): Promise<Measured> {
  progress(`rounds, ${feeds} feeds changed`);
  const taken: number[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    await heartbeat(sql);
    await sql`
      insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
      select 'other', 'other', 'book', 's' || feed || 'usdt@bookTicker', 'S' || feed || 'USDT',
        now() - interval '5 days' + ${n}::int * interval '1 min' + make_interval(secs => ${feeds}),
        now() - interval '5 days' + ${n}::int * interval '1 min' + make_interval(secs => ${feeds} + 1), 'lost connection', 1
      from generate_series(1, ${feeds}) as feed`;
    taken.push(await keepGaps(sql));
  }
  return measured(taken);
}

/** A session of 800 feeds whose messages are all acked. */
function session() {
  const names = Array.from({ length: FEEDS }, (_, n) => `s${n}usdt@bookTicker`);
  const outlet = { pushed: 0, settled: 0 };
  const coverage = createSession({
    ...{
      session: "s",
      producer: "default",
      stream: "book",
      outlets: [outlet],
      judgesSilence: true,
    },
    ...{ feeds: new Map(names.map((name) => [name, name])), clock: { earliest: () => 0, latest: () => 0 } },
  });
  coverage.subscribed(names);
  return { names, coverage };
}

/** Nanoseconds that a message takes to be noted. */
function accountFor(): number {
  const { names, coverage } = session();
  const since = performance.now();
  for (let n = 0; n < MESSAGES; n++) coverage.message(names[n % FEEDS], n);
  return (performance.now() - since) * 1e6 / MESSAGES;
}

/** Milliseconds that it takes to make, as text, what is told in a second: a tenth of the feeds have turned silent, a tenth speak. */
function secondOf(): number {
  const { names, coverage } = session();
  const seconds = 1_000;
  const since = performance.now();
  for (let second = 1; second <= seconds; second++) {
    for (let n = 0; n < FEEDS; n++) if ((n + second) % 10 > 0) coverage.message(names[n], second * 6_000);
    for (const row of coverage.take(0)) JSON.stringify(row);
  }
  return (performance.now() - since) / seconds;
}
