import { ConfigError, readConfig, readOptions, variablesOf } from "../shared/config/config.ts";
import { checkEnvFile } from "../shared/config/env_file.ts";
import { requireOwnArchive } from "../shared/config/own_names.ts";
import { listStreams } from "../shared/list_streams.ts";
import { createLog, describe } from "../shared/log.ts";
import { explained } from "../shared/postgres/fault.ts";
import { stopSignals } from "../shared/stop_signals.ts";
import type { Stream } from "../shared/stream.ts";
import { attempt } from "./attempts.ts";
import { auditCandles, canCompare } from "./audit.ts";
import { FILES, importArchive } from "./import.ts";
import { requireKept } from "./kept.ts";
import { readRequest, type Request, requireLength } from "./options.ts";
import { FINAL_MS } from "./plan.ts";
import { renderTime } from "./progress.ts";
import { renderAudit, renderTallies } from "./report.ts";
import type { Series } from "./series.ts";
import { openSource } from "./source.ts";
import { summarise } from "./summarise.ts";
import { openTarget } from "./target.ts";

const help =
  `Imports old data from the exchange's public archive of files straight into Postgres, and the candles that are not in it from REST.

Usage: deno task history --from 2024-01-01 [options]

  --from DAY         the first day, in UTC
  --to DAY           the last day; default: today. Trades end with the newest file
  --streams A,B      kline, trade; default: kline
  --symbols A,B      default: SYMBOLS
  --intervals A,B    of candles; default: KLINE_INTERVALS
  --audit            compares candles with REST's, too: what differs is replaced, and audit_data has both. A year of a minute's
                     candles of ten symbols takes 21,000 of request weight, about half an hour at the usual budget

Each file is verified by its checksum and stored as a whole or not at all. Run the same again at any time: it goes on where it
ended, imports what was published, replaced or deleted from the table since, and changes nothing else. Ctrl-C ends it within seconds.
DB_URL, DB_USER and DB_PASSWORD name the database; the user must own the tables, as for retention.`;

/** What is imported if no stream is named. */
const USUAL = "kline";

/** How the process ends after a signal. */
const STOPPED = 130;

/** What is imported of each stream: a series a symbol, or a symbol and interval. */
function seriesOf(streams: readonly Stream[], { symbols, intervals }: Request): Series[] {
  const wanted = symbols ?? readConfig(Deno.env.toObject(), ["producer"]).symbols;
  return streams.flatMap((stream) => {
    const options = readOptions(stream.feed?.options ?? {});
    const spans = stream.archive!.intervals ? intervals ?? stream.archive!.intervals(options) : [""];
    if (stream.archive!.intervals && !intervals) {
      spans.forEach((span) => requireLength(span, "KLINE_INTERVALS"));
    }
    return wanted.flatMap((symbol) => spans.map((interval) => ({ stream, symbol, interval })));
  });
}

/** Runs the command; returns its exit code. */
async function main(args: string[]): Promise<number> {
  const startedAt = performance.now();
  const now = Date.now();
  const archived = (await listStreams()).filter(({ archive }) => archive !== undefined);
  const request = readRequest(args, archived.map(({ message }) => message.name), USUAL, now);
  if (!request) {
    console.log(help);
    return 0;
  }
  await checkEnvFile(Object.keys(variablesOf(["running", "database", "archive", "exchange"])));
  const config = readConfig(Deno.env.toObject(), ["database", "archive", "exchange"]);
  requireOwnArchive(config);
  const streams = archived.filter(({ message }) => request.streams.includes(message.name));
  const series = seriesOf(streams, request);
  if (request.audit && !series.some(canCompare)) {
    throw new ConfigError(
      "Cannot use --audit: only candles are compared with REST, and --streams names none",
    );
  }
  const log = createLog("history", config.logLevel);
  const { signal } = stopSignals(log);
  const fault = (error: unknown) => {
    throw explained(config.database, error);
  };
  const open = () => openTarget(config.database, streams, FILES + 1, log);
  await using target = await attempt(open, log, signal).catch(fault);
  for (const stream of streams) await requireKept(target, stream, request.since).catch(fault);

  try {
    // The exchange may still change what ended just before.
    const span = { since: request.since, until: Math.min(request.until, now - FINAL_MS) };
    const source = openSource(config, target, log, signal);
    const { tallies, imported, known, failures } = await importArchive({ config, source, series, span, now });
    for (const stream of streams) {
      await summarise(target, stream, log, signal, (left) => {
        log.sparsely("job", `summarises the ${stream.message.name}s of ${left} more days`);
      });
    }
    console.log(renderTallies(tallies).join("\n"));
    console.log(
      `\n${imported} files imported, ${known} were imported before, ${failures.length} refused, in ${
        renderTime(performance.now() - startedAt)
      }`,
    );
    for (const failure of failures) console.error(failure);
    if (request.audit) console.log(renderAudit(await auditCandles(source, series, span)));
    return failures.length > 0 ? 1 : 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error("Stopped. What is imported stays; the same command goes on from here.");
    return STOPPED;
  }
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(describe(error));
  Deno.exit(1);
}
