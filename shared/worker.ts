import {
  type Config,
  ConfigError,
  readConfig,
  readOptions,
  type SliceName,
  variablesOf,
} from "./config/config.ts";
import { checkEnvFile } from "./config/env_file.ts";
import { buildOf, summarize } from "./config/summary.ts";
import type { Values, Variables } from "./config/variables.ts";
import { createLog, describe, type Log } from "./log.ts";
import { summaryOf } from "./telemetry/histogram.ts";
import type { Report } from "./telemetry/report.ts";
import { SchemaError } from "./postgres/schema.ts";
import { serveHealth } from "./telemetry/health.ts";

/** What the loop of a worker is given. */
export interface Worker<N extends SliceName = never, O extends Variables = Variables> {
  readonly config: Config<N>;
  /** The stream's own options. */
  readonly options: Values<O>;
  readonly log: Log;
  /** Aborted at the first SIGINT or SIGTERM: the loop stores or sends what it has in memory, then returns. */
  readonly signal: AbortSignal;
  /** Aborted 8 s later: the loop gives up what is not finished. */
  readonly deadline: AbortSignal;
  /** Returns how the loop is doing. The loop sets it. */
  report: () => Report;
}

/** What a worker is to do. */
export interface WorkerPlan<N extends SliceName = never, O extends Variables = Variables> {
  /** As logs name it: `kline:consume`. */
  readonly name: string;
  /** The slices of the configuration that it uses; what is wrong elsewhere in the environment does not stop it. */
  readonly slices: readonly N[];
  /** Variables that it alone reads. */
  readonly options?: O;
  /** Words that its command line takes. */
  readonly words?: readonly string[];
  run(worker: Worker<N, O>): Promise<void>;
}

/** Exit codes of sysexits.h that tell a supervisor what to do. */
const exitCodes = { config: 78, failed: 1, signal: { SIGINT: 130, SIGTERM: 143 } };

const DEADLINE_MS = 8_000;
const DRAIN_MS = 9_500;
const REPORT_MS = 10_000;

/**
 * Runs a worker: environment, log, signals, health and exit code. Exits with 0 if its work ended in order, with 78 if the
 * configuration or the schema is wrong (a restart does not help), and with 1 otherwise. After the first signal the work has 10 s to
 * finish; a second signal ends the process at once.
 */
export async function runWorker<N extends SliceName = never, O extends Variables = Variables>(
  plan: WorkerPlan<N, O>,
  help: string,
): Promise<void> {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) return console.log(help);
  const { name, slices, words = [] } = plan;
  const declared = (plan.options ?? {}) as O;
  let log = createLog(name, "info");
  try {
    const unknown = Deno.args.filter((arg) => !words.includes(arg));
    if (unknown.length > 0) throw new ConfigError(`Cannot understand ${unknown.join(" ")}: see --help`);
    await checkEnvFile(Object.keys({ ...variablesOf(["running", ...slices]), ...declared }));
    const config = readConfig(Deno.env.toObject(), slices);
    const options = readOptions(declared);
    log = createLog(name, config.logLevel);
    log.info("starting", { build: buildOf(Deno.env.get("BOOKLINE_BUILD")), ...summarize(config, options) });
    const worker: Worker<N, O> = {
      config,
      options,
      log,
      ...stopSignals(log),
      report: () => ({ counts: {} }),
    };
    await using _health = config.healthPort
      ? serveHealth(config.healthPort, () => worker.report(), log)
      : undefined;
    const timer = setInterval(() => log.info("running", summary(worker.report())), REPORT_MS);
    try {
      await plan.run(worker);
    } finally {
      clearInterval(timer);
      const last = worker.report();
      if (Object.keys(last.counts).length > 0) log.info("stopped", summary(last));
    }
    Deno.exit(0);
  } catch (error) {
    log.error(describe(error));
    log.debug((error as Error)?.stack ?? "no stack");
    Deno.exit(
      error instanceof ConfigError || error instanceof SchemaError ? exitCodes.config : exitCodes.failed,
    );
  }
}

function stopSignals(log: Log): Pick<Worker, "signal" | "deadline"> {
  const stop = new AbortController();
  const deadline = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => {
      if (stop.signal.aborted) Deno.exit(exitCodes.signal[name]);
      log.info("stopping: finishing what is in memory; a second signal quits at once", { signal: name });
      stop.abort();
      setTimeout(() => deadline.abort(), DEADLINE_MS);
      setTimeout(() => {
        log.error(`cannot finish within ${DRAIN_MS / 1000} s`);
        Deno.exit(exitCodes.failed);
      }, DRAIN_MS);
    });
  }
  return { signal: stop.signal, deadline: deadline.signal };
}

function summary(report: Report): Record<string, unknown> {
  return {
    ...report.counts,
    ...summaryOf(report.recentDelays ?? []),
    stuck: report.stuck,
    waiting: report.waiting,
  };
}
