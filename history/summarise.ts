import { transact } from "../shared/postgres/transaction.ts";
import type { Log } from "../shared/log.ts";
import type { Stream } from "../shared/stream.ts";
import { attempt } from "./attempts.ts";
import type { Target } from "./target.ts";

/** One transaction computes so much, in ms: consumers' rollups wait for it. */
const STEP_MS = 3_600_000;

/** Computes the rollup of the files that are imported and not summarised yet, the newest first. It goes on where it was ended. */
export async function summarise(
  { sql, schema }: Target,
  stream: Stream,
  log: Log,
  signal: AbortSignal,
  onSpan: (left: number) => void,
): Promise<void> {
  const { topic } = stream.message;
  if (!stream.storage.rollup) return;
  const insist = (statements: string) => attempt(() => transact(sql, statements), log, signal);
  const spans = await insist(
    `select (extract(epoch from since) * 1000)::float8 as since, (extract(epoch from until) * 1000)::float8 as until,
      max(imported_at)::text as read_at
    from ${schema}.archive_files where table_name = '${topic}' and not summarised
    group by since, until order by since desc`,
  );
  for (const [n, { since, until, read_at }] of spans.entries()) {
    onSpan(spans.length - n);
    for (let at = since; at < until; at += STEP_MS) {
      signal.throwIfAborted();
      const [from, to] = [at, Math.min(until, at + STEP_MS)].map((time) => `to_timestamp(${time / 1_000})`);
      await insist(`select ${schema}.summarise_span('${topic}', ${from}, ${to})`);
    }
    await insist(
      `update ${schema}.archive_files set summarised = true
      where table_name = '${topic}' and since = to_timestamp(${
        since / 1_000
      }) and imported_at <= '${read_at}'`,
    );
  }
}
