import { newestPerRow } from "../consumers/decode.ts";
import { createSink } from "../consumers/postgres/sink.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { type Coverage, coverage } from "../shared/streams/coverage.ts";
import { silent } from "./silent.ts";
import { type TestDatabase, testDatabase } from "./stack.ts";
import { setClock } from "./ticks.ts";

/** The moment from which tests count their milliseconds. */
export const EPOCH = Date.parse("2127-08-10T12:00:00Z");
/** Where the database's clock stands at first: long after all intervals of a test. */
export const NOW = 3_600_000;

/** A database with a coverage topic that is read to its end, and ways to store messages and to run the job. */
export async function coverageDatabase() {
  await using parts = new AsyncDisposableStack();
  const database: TestDatabase = parts.use(await testDatabase());
  const { sql } = database;
  const sink = parts.use(createSink(coverage, database.config, silent));
  await sink.open();
  const clock = async (at: number) => {
    await setClock(sql, EPOCH + at);
  };
  /** The topic has been read to its end without a break from then until then. */
  const readToEnd = async (since: number, until: number) => {
    await sql`delete from websocket.coverage_reads`;
    await sql`insert into websocket.coverage_reads values (0, 1, ${new Date(EPOCH + since)}, ${new Date(
      EPOCH + until,
    )})`;
  };
  await clock(NOW);
  await readToEnd(0, NOW);
  const kept = parts.move();
  return {
    ...{ database, sql, clock, readToEnd },
    /** Stores messages as the consumer does. */
    async store(...messages: Coverage[]) {
      const refused = await sink.write(() => newestPerRow(coverage.message, messages));
      if (refused.length > 0) throw new Error(refused[0].cause);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** An interval's message; times count from `EPOCH`. A symbol's name makes the feed's. */
export function interval(
  [session, symbol, from, to, reason, dropped = null, version = 1]: [
    string,
    string,
    number,
    number,
    string,
    (number | null)?,
    number?,
  ],
  stream = "book",
): Coverage {
  return {
    ...{
      session,
      producer: session.split("/")[0],
      feed: `${symbol.toLowerCase()}@bookTicker`,
      symbol,
      stream,
    },
    ...{ coveredFrom: EPOCH + from, coveredTo: EPOCH + to, reason, dropped, version },
  };
}

/** A session's own message. */
export function heartbeat(
  session: string,
  startedAt: number,
  coveredTo: number,
  reason = "open",
  version = 1,
): Coverage {
  return { ...interval([session, "", startedAt, coveredTo, reason, null, version]), feed: "" };
}

/** A gap as tests compare it; times count from `EPOCH`. */
export interface Gap {
  readonly symbol: string;
  readonly from: number;
  readonly to: number | null;
  readonly state: string;
  readonly reason: string;
  readonly dropped: number | null;
}

/** The ledger, in order. */
export async function gapsOf(sql: Sql): Promise<Gap[]> {
  const rows = await sql`
    select symbol, state, reason, dropped::int as dropped, extract(epoch from started_at)::float8 * 1000 as since,
      extract(epoch from ended_at)::float8 * 1000 as until
    from websocket.gap_data order by symbol, started_at`;
  return rows.map(({ symbol, since, until, state, reason, dropped }) => ({
    ...{ symbol, from: since - EPOCH, to: until === null ? null : until - EPOCH, state, reason, dropped },
  }));
}

/** Runs the job until nothing is left to do at once. */
export async function keepGaps(sql: Sql): Promise<void> {
  for (;;) {
    const [{ done }] = await sql`select * from websocket.keep_gaps()`;
    if (done === null) return;
  }
}
