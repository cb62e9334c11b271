import type { Config } from "../shared/config/config.ts";
import { describe } from "../shared/log.ts";
import { openArchive } from "./archive.ts";
import { ArchiveError } from "./archive_error.ts";
import { attempt } from "./attempts.ts";
import { fetchMissing } from "./fetch_missing.ts";
import { importFile } from "./import_file.ts";
import type { Span } from "./plan.ts";
import { pool } from "./pool.ts";
import { createProgress } from "./progress.ts";
import { absentDays, presentInFiles, renderLost, spansToAsk, type Tally, tallyOf } from "./report.ts";
import { canFetch } from "./rest_page.ts";
import { type Found, listFiles, type Series } from "./series.ts";
import type { Source } from "./source.ts";
import { storedFiles } from "./stored_files.ts";
import { countRows, importedFiles } from "./target.ts";

/** How many checksums are asked for at once, each with a short answer. */
const LISTINGS = 16;
/** How many files are imported at once: while one waits for the archive or the database, another is read. */
export const FILES = 4;

/** What is imported, and into what. */
export interface Job {
  readonly config: Config<"archive">;
  readonly source: Source;
  readonly series: readonly Series[];
  readonly span: Span;
  readonly now: number;
}

/** What came of it. */
export interface Outcome {
  readonly tallies: readonly Tally[];
  /** Files that were imported now, and that were known already. */
  readonly imported: number;
  readonly known: number;
  /** What is wrong with the files that were refused, one line each. */
  readonly failures: readonly string[];
}

/**
 * Imports all files of the archive that cover the span and are not imported yet, or of which rows are gone, the newest first; then asks
 * REST for the candles that the archive does not have. A file that is refused does not keep the others from being imported.
 * @throws the signal's reason once it is aborted; what is imported by then stays
 * @throws {Error} if the archive or the database can't be used
 */
export async function importArchive(job: Job): Promise<Outcome> {
  const { config, source, series, span, now } = job;
  const { target, market, log, signal } = source;
  const archive = openArchive(config.binanceArchiveUrl, signal);
  const failures: string[] = [];
  const listings = await pool(
    series,
    LISTINGS,
    signal,
    (one) =>
      listFiles(
        one,
        span,
        market,
        now,
        (file) => attempt(() => archive.checksumOf(file), log, signal),
      ),
  );

  const found = listings.flatMap((listing) => listing.found);
  const stored = await storedFiles(source, found, FILES);
  const whole = new Map([...stored].filter(([, { lost }]) => lost === 0));
  for (const line of renderLost(listings, stored)) log.warn(line);
  const wanted = found.filter(({ file }) => !whole.has(file.path));
  const imported: Found[] = [];
  // Days of all symbols before older ones, so that what is stored has no hole but at its beginning.
  wanted.sort((a, b) => b.file.period.since - a.file.period.since);
  const progress = createProgress(wanted.length);
  try {
    await pool(wanted, FILES, signal, async (one) => {
      const { series, file, sha256 } = one;
      const shown = progress.begin();
      let isImported = false;
      try {
        await attempt(
          () => importFile(target, archive, series.stream, file, sha256, shown.read),
          log,
          signal,
        );
        isImported = true;
        imported.push(one);
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        failures.push(`Cannot use ${config.binanceArchiveUrl}${file.path}: ${describe(error)}`);
        progress.say(failures.at(-1)!);
      } finally {
        shown.end(isImported);
      }
    });
  } finally {
    progress.close();
  }
  const after = new Map([...whole].map(([path, { rows }]) => [path, rows]));
  for (const { series } of listings) {
    const files = imported.filter((one) => one.series === series).map(({ file }) => file);
    for (const [path, { rows }] of await importedFiles(target, series.stream, files)) after.set(path, rows);
  }
  const tallies = await pool(listings, FILES, signal, async (listing) => {
    const { series } = listing;
    if (!canFetch(series)) {
      const present = listing.found.filter(({ file }) => after.has(file.path)).length;
      return tallyOf(series, span, present, absentDays(listing, now));
    }
    let absent = 0;
    for (const lacking of spansToAsk(listing, span, now, (path) => after.get(path))) {
      absent += await fetchMissing(source, series, lacking);
    }
    const { rows, rest } = presentInFiles(listing, span, (path) => after.get(path));
    let present = rows;
    for (const one of rest) present += await countRows(target, series.stream, series, one);
    return tallyOf(series, span, present, absent);
  });
  return { tallies, imported: imported.length, known: whole.size, failures };
}
