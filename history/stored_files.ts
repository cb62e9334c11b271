import { transact } from "../shared/postgres/transaction.ts";
import { attempt } from "./attempts.ts";
import { lengthOf } from "./interval.ts";
import { pool } from "./pool.ts";
import { heldIn, positionsOf } from "./positions.ts";
import { createProgress } from "./progress.ts";
import type { Found } from "./series.ts";
import type { Source } from "./source.ts";
import { literal, presentWithin } from "./target.ts";

/** What the table has of a file that was imported as the archive has it now. */
export interface StoredFile {
  /** The rows of its symbol and time; of trades those after the import. */
  readonly rows: number;
  /** How many rows of the file the table has no more. */
  readonly lost: number;
}

/** One statement counts so many rows and files at most: Ctrl-C waits for it. */
const MOST = { rows: 1_000_000, files: 500 };
/** What is counted sooner than this is counted without a word, in ms. */
const QUIET_MS = 2_000;

/**
 * Counts what the table has of those files that were imported as the archive has them now, by their paths. The others are left out.
 * Rows that other programs stored are told from those of a file by their positions, so they hide nothing that was deleted.
 * @param width how many statements run at once
 */
export async function storedFiles(
  { target, log, signal }: Source,
  files: readonly Found[],
  width: number,
): Promise<Map<string, StoredFile>> {
  const { sql, schema } = target;
  const stored = new Map<string, StoredFile>();
  const progress = createProgress(files.length, "files counted", QUIET_MS);
  const ask = (statements: string) => attempt(() => transact(sql, statements), log, signal);
  try {
    await pool(batchesOf(files), width, signal, async (batch) => {
      const shown = batch.map(() => progress.begin());
      const rows = await ask(batch.map((one) => countOf(one, schema)).join(" union all ")) as Counts[];
      for (const one of rows) stored.set(one.path, { rows: one.present ?? one.noted, lost: lostOf(one) });
      const unknown = batch.filter(({ file: { path } }) =>
        rows.some((one) => one.path === path && one.had === null && lostOf(one) === 0)
      );
      if (unknown.length > 0) await ask(unknown.map((one) => learn(one, schema)).join(";"));
      const counted = rows.reduce((sum, { present, kept }) => sum + (kept ?? present ?? 0), 0);
      for (const one of shown) {
        one.read(counted / batch.length, 1);
        one.end(true);
      }
    });
  } finally {
    progress.close();
  }
  return stored;
}

/** Files in batches that are counted by one statement each. How many trades a file has is not known, so it is a batch. */
function batchesOf(files: readonly Found[]): Found[][] {
  const batches: Found[][] = [];
  let room = 0;
  for (const one of files) {
    const { interval, period } = one.file;
    const rows = interval ? (period.until - period.since) / lengthOf(interval)! : MOST.rows;
    if (room < rows || batches.at(-1)!.length === MOST.files) {
      batches.push([]);
      room = MOST.rows;
    }
    batches.at(-1)!.push(one);
    room -= rows;
  }
  return batches;
}

/** What is counted of a file. */
export interface Counts {
  readonly path: string;
  /** The rows of its symbol and time after its import. */
  readonly noted: number;
  /** Those that are there now; null if that was not counted. */
  readonly present: number | null;
  /** The rows that the file has; null if an earlier version imported it. */
  readonly had: number | null;
  /** Those of them that are there now; null if `present` tells it. */
  readonly kept: number | null;
}

/** How many rows of a file are gone. */
export function lostOf({ noted, present, had, kept }: Counts): number {
  return Math.max(0, (had ?? noted) - (kept ?? present!));
}

/** The query of a file's `Counts`; it has no row if the file was not imported as the archive has it now. */
function countOf({ series: { stream }, file, sha256 }: Found, schema: string): string {
  const { column, step, of, at } = positionsOf(stream, file.interval);
  const rows = `from ${schema}."${stream.message.topic}" where ${presentWithin(stream, file, file.period)}`;
  const present = `(select count(*) ${rows})`;
  const kept = `(
      select coalesce(sum(part.rows), 0) from unnest(held) as run cross join lateral (
        select count(*) as rows ${rows} and ${column} >= ${at("lower(run)")} and ${column} < ${
    at("upper(run)")
  }
      ) as part)`;
  const [since, until] = [of("since"), of("until")];
  // Of candles the rows of the whole span are needed as well: a file without a hole is counted once.
  const counts = file.interval
    ? [present, `case when held <> int8multirange(int8range(${since}, ${until})) then ${kept} end`]
    : [`case when held is null then ${present} end`, `case when held is not null then ${kept} end`];
  return `select path, rows::float8 as noted, (${counts[0]})::float8 as present, (${
    counts[1]
  })::float8 as kept,
      (select sum(upper(run) - lower(run)) / ${step} from unnest(held) as run)::float8 as had
    from ${schema}.archive_files where path = ${literal(file.path)} and sha256 = ${literal(sha256)}`;
}

/** Takes the rows that are there for those of a file of which no more is known. */
function learn({ series: { stream }, file }: Found, schema: string): string {
  const rows = `from ${schema}."${stream.message.topic}" where ${presentWithin(stream, file, file.period)}`;
  return `update ${schema}.archive_files set held = ${heldIn(positionsOf(stream, file.interval), rows)}
    where path = ${literal(file.path)} and held is null`;
}
