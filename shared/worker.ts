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
import { requireDeno } from "./deno_version.ts";
import { createLog, describe, type Log } from "./log.ts";
import { openKafka, topicName } from "./kafka/mod.ts";
import { SchemaError } from "./postgres/schema.ts";
import { type Part, runApart, type Stop } from "./run_apart.ts";
import { stopSignals } from "./stop_signals.ts";
import { worker } from "./streams/worker.ts";
import { announce } from "./telemetry/announce.ts";
import { watchEventLoop } from "./telemetry/event_loop.ts";
import { createExposition } from "./telemetry/exposition.ts";
import { serveHealth } from "./telemetry/health.ts";
import { summaryOf } from "./telemetry/histogram.ts";
import { processName } from "./telemetry/process_name.ts";
import { createTelemetry, type Telemetry } from "./telemetry/telemetry.ts";

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
  /** The loop registers here how its numbers are read. */
  readonly telemetry: Telemetry;
}

/** What a worker is to do. */
export interface WorkerPlan<N extends SliceName = never, O extends Variables = Variables> {
  /** As logs name it: `kline:consume`. */
  readonly name: string;
  /** The stream, by which its metrics are labelled; absent for a worker without one. */
  readonly stream?: string;
  /** The slices of the configuration that it uses; what is wrong elsewhere in the environment does not stop it. */
  readonly slices: readonly N[];
  /** Variables that it alone reads. */
  readonly options?: O;
  /** Words that its command line takes. */
  readonly words?: readonly string[];
  run(worker: Worker<N, O>): Promise<void>;
}

/** Exit codes of sysexits.h that tell a supervisor what to do. */
const exitCodes = { config: 78, failed: 1 };

const REPORT_MS = 10_000;
const LOOK_MS = 5_000;

const isFinal = (error: unknown) => error instanceof ConfigError || error instanceof SchemaError;

/**
 * Runs a worker: environment, log, signals, health and exit code. Exits with 0 if its work ended in order, with 78 if the
 * configuration or the schema is wrong (a restart does not help), and with 1 otherwise. After the first signal the work has 10 s to
 * finish; a second signal ends the process at once.
 */
export function runWorker<N extends SliceName = never, O extends Variables = Variables>(
  plan: WorkerPlan<N, O>,
  help: string,
): Promise<void> {
  const { name, words = [] } = plan;
  return runProcess(name, help, words, [plan], ([part], stop) => part.run(stop));
}

/** Runs in one process those of the workers whose streams the command line names, each of them apart from the others: see `runApart`. */
export function runWorkers<N extends SliceName>(
  name: string,
  help: string,
  plans: readonly WorkerPlan<N>[],
): Promise<void> {
  const named = plans.filter(({ stream }) => stream !== undefined && Deno.args.includes(stream));
  const words = named.flatMap(({ stream }) => stream ?? []);
  return runProcess(name, help, words, named, (parts, stop) => runApart(parts, stop, isFinal));
}

async function runProcess<N extends SliceName, O extends Variables>(
  name: string,
  help: string,
  words: readonly string[],
  plans: readonly WorkerPlan<N, O>[],
  run: (parts: readonly Part[], stop: Stop) => Promise<void>,
): Promise<void> {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) return console.log(help);
  let log = createLog(name, "info");
  try {
    requireDeno();
    const unknown = Deno.args.filter((arg) => !words.includes(arg));
    if (unknown.length > 0) throw new ConfigError(`Cannot understand ${unknown.join(" ")}: see --help`);
    if (plans.length === 0) throw new ConfigError("Cannot start without a stream: see --help");
    // Of a worker that has its process to itself all that is wrong is reported at once.
    const known = plans.length === 1 ? plans[0].slices : [];
    await checkEnvFile(Object.keys(variablesOf(["running", ...known])));
    const config = readConfig(Deno.env.toObject(), known);
    log = createLog(name, config.logLevel);
    const build = buildOf(Deno.env.get("BOOKLINE_BUILD"));
    const parts = plans.map((plan) => partOf(plan, config, build));
    const streams = parts.map(({ telemetry }) => telemetry);
    const stop = stopSignals(log);
    using loop = watchEventLoop();
    const metrics = createExposition(streams, { build, loopDelays: loop.delays });
    await using _health = config.healthPort
      ? serveHealth({ hostname: config.healthHost, port: config.healthPort }, streams, metrics, log)
      : undefined;
    using _looks = every(LOOK_MS, () => streams.forEach((one) => one.status()));
    using _lines = every(REPORT_MS, () => parts.forEach((part) => part.log.info("running", summary(part))));
    using _words = announcement(parts, build, log);
    try {
      await run(parts, stop);
    } finally {
      for (const part of parts) {
        if (Object.keys(part.telemetry.report().counts).length > 0) part.log.info("stopped", summary(part));
      }
    }
    Deno.exit(0);
  } catch (error) {
    log.error(describe(error));
    log.debug((error as Error)?.stack ?? "no stack");
    Deno.exit(isFinal(error) ? exitCodes.config : exitCodes.failed);
  }
}

/** A worker that reads its own configuration as it starts. */
interface ConfiguredPart extends Part {
  readonly name: string;
  /** The slices that it reads. */
  readonly slices: readonly SliceName[];
}

/** Sends how the workers are, if they use Kafka, and its configuration and their name are right; else they tell what is wrong themselves. */
function announcement(
  parts: readonly ConfiguredPart[],
  build: string,
  log: Log,
): Disposable | undefined {
  const announced = parts.filter(({ slices }) => slices.includes("kafka"));
  if (announced.length === 0) return undefined;
  let kafka: Config["kafka"];
  let name: string;
  try {
    name = processName(announced.flatMap(({ slices }) => slices));
    ({ kafka } = readConfig(Deno.env.toObject(), ["kafka"]));
  } catch {
    return undefined;
  }
  const ended = new AbortController();
  const identity = { host: Deno.hostname(), name, build };
  const topic = topicName(kafka, worker.message);
  announce(announced, identity, openKafka(kafka, log), topic, ended.signal, log)
    .catch((error) => log.debug("the state is not sent any more", { why: describe(error) }));
  return { [Symbol.dispose]: () => ended.abort() };
}

/** A worker that reads its configuration as it runs, so that what is wrong with it stops no other. */
function partOf<N extends SliceName, O extends Variables>(
  plan: WorkerPlan<N, O>,
  { logLevel }: Config<never>,
  build: string,
): ConfiguredPart {
  const { name, stream = name, slices } = plan;
  const log = createLog(name, logLevel);
  const telemetry = createTelemetry(stream);
  const declared = (plan.options ?? {}) as O;
  return {
    name,
    slices,
    log,
    telemetry,
    async run(stop) {
      await checkEnvFile(Object.keys({ ...variablesOf(slices), ...declared }));
      const config = readConfig(Deno.env.toObject(), slices);
      const options = readOptions(declared);
      log.info("starting", { build, ...summarize(config, options) });
      await plan.run({ config, options, log, telemetry, ...stop });
    },
  };
}

function every(ms: number, call: () => void): Disposable {
  const timer = setInterval(call, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function summary({ telemetry }: Part): Record<string, unknown> {
  const { counts, recentDelays = [], stuck, waiting } = telemetry.report();
  return { ...counts, ...summaryOf(recentDelays), stuck, waiting };
}
