import type { Config } from "../shared/config.ts";
import type { Log } from "../shared/log.ts";
import { connectLasting } from "../shared/postgres.ts";
import type { Stream } from "../shared/stream.ts";
import { sleep } from "../shared/wait.ts";
import { createRounds } from "./rounds.ts";

/** What a consumer sees to beside the writing of rows. */
export interface Chores<M> extends AsyncDisposable {
  /** What tells, by this moment's retention, whether a message is older than its table keeps rows. */
  expiry(): (message: M) => boolean;
}

const EXPIRY_MS = 60_000;

/** A chore rests this many times as long as it took, so that the rows of a backlog have the database nearly to themselves. */
const REST = 7;

/** Runs the chores of the stream's table, each at its own pace, until it is disposed. What fails is done by the next round. */
export async function startChores<M extends { symbol: string }>(
  { table }: Stream<M>,
  config: Config,
  log: Log,
): Promise<Chores<M>> {
  const { expires, upkeep = [] } = table;
  const done = new AbortController();
  // One for each: a chore may take minutes, and what waits for its connection would wait as long.
  const sql = connectLasting(config.database, log, upkeep.length + 1);
  let since = -Infinity;

  const round = createRounds(log);
  const ask = () => round("retention", async () => since = await expires!.since(sql, config));
  const repeat = async (name: string, everyMs: number, run: () => Promise<unknown>) => {
    while (!done.signal.aborted) {
      const startedAt = performance.now();
      await round(name, run);
      await sleep(Math.max(everyMs, (performance.now() - startedAt) * REST), done.signal);
    }
  };

  if (expires) await ask();
  const running = upkeep.map(({ name, everyMs, run }) => repeat(name, everyMs, () => run(sql, config)));
  if (expires) running.push(repeat("retention", EXPIRY_MS, ask));
  return {
    expiry() {
      const oldest = since;
      return (message) => expires !== undefined && Number(message[expires.field]) < oldest;
    },
    async [Symbol.asyncDispose]() {
      done.abort();
      await sql.end({ timeout: 2 });
      await Promise.all(running);
    },
  };
}
