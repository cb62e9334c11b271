import type { Config } from "../../shared/config/config.ts";
import { describe } from "../../shared/log.ts";
import { poll } from "../../shared/poll.ts";
import { sleep } from "../../shared/wait.ts";
import type { Exchange } from "../exchange/server.ts";
import { createDisplay } from "./display.ts";
import { drain } from "./drain.ts";
import { untilSubscribed } from "./exchange.ts";
import { type Feed, headline, tagOf } from "./feed.ts";
import { type Line, type Monitor, workersOf } from "./monitor.ts";
import type { WorkerProcess } from "./worker.ts";
import type { Options } from "./options.ts";
import { lostWords, toJson, toSentences, unsentOf } from "./summary.ts";
import type { Terminal } from "./terminal.ts";

/** How long workers may take to be well; after that the feed begins nevertheless. In ms. */
const START_MS = 15_000;

/** When the outage begins that the user asks for, after the start, in ms. */
const OUTAGE_AT_MS = 20_000;

/** A pipeline whose processes run. */
export interface Pipeline {
  readonly feed: Feed;
  readonly options: Options;
  readonly config: Config;
  /** Where things are, for the screen. */
  readonly places: Readonly<Record<string, string>>;
  readonly lines: readonly Line[];
  /** The worker that repairs gaps. */
  readonly repair: WorkerProcess;
  readonly monitor: Monitor;
  /** The exchange on this machine; absent for the live feed. */
  readonly exchange?: Exchange;
}

/**
 * Lets the feed begin, shows how it goes, and stops all in order when the user says so, the time is over or the recording
 * is.
 * @returns the exit code: 0 if all that was received is stored
 * @throws {Error} if a worker can't run as it is configured
 */
export async function supervise(
  pipeline: Pipeline,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { feed, options, config, places, lines, repair, monitor, exchange } = pipeline;
  const about = {
    tag: tagOf(feed, config),
    headline: headline(feed, config),
    places,
    durationMs: options.durationMs,
  };
  const display = createDisplay(terminal, monitor, about);
  const failed = Promise.race([...workersOf(lines), repair].map((worker) => worker.failed));
  const watching = new AbortController();
  const watched = monitor.watch(watching.signal, display.show);
  try {
    await Promise.race([failed, untilReady(pipeline, signal)]);
    if (!signal.aborted) exchange?.start();
    display.begin();
    display.report("running; Ctrl-C stops it");

    const outage = setTimeout(() => exchange?.inject({ fault: "cut", ms: options.outageMs! }), OUTAGE_AT_MS);
    if (options.outageMs === undefined) clearTimeout(outage);
    const fault = await Promise.race([failed, untilOver(pipeline, signal)]).finally(() =>
      clearTimeout(outage)
    );
    display.end();
    const undrained = await drain(lines, repair, monitor, exchange, display.report);
    const lost = lostWords(unsentOf(monitor.picture()));
    const faults = [...fault ? [fault] : [], ...undrained, ...lost ? [lost] : []];

    display.report("stopped");
    terminal.keep();
    conclude(pipeline, faults, terminal);
    return faults.length === 0 ? 0 : 1;
  } finally {
    watching.abort();
    await watched;
  }
}

/** Waits until all workers are ready and, if the exchange is simulated, the producers are subscribed. */
async function untilReady(pipeline: Pipeline, signal: AbortSignal): Promise<void> {
  const { lines, config, exchange, monitor } = pipeline;
  await poll(async () => {
    await monitor.poll();
    return workersOf(lines).every(({ isWell }) => isWell);
  }, { ms: START_MS, pauseMs: 100, signal });
  if (exchange) await untilSubscribed(exchange, lines.map(({ stream }) => stream), config, signal);
}

/** Waits for the first reason to end; returns what is wrong with the feed, if that is the reason. */
async function untilOver({ options, exchange }: Pipeline, signal: AbortSignal): Promise<string | undefined> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const stopped = options.durationMs === undefined ? aborted(either) : sleep(options.durationMs, either);
  const played = exchange?.finished.then(() => undefined, describe);
  try {
    return await Promise.race(
      played ? [played, stopped.then(() => undefined)] : [stopped.then(() => undefined)],
    );
  } finally {
    over.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Says what the run did, and what of it went wrong. */
function conclude(
  { feed, options, config, lines, repair, monitor }: Pipeline,
  faults: string[],
  terminal: Terminal,
): void {
  toSentences(monitor.picture()).forEach(terminal.say);
  for (const name of Object.keys(monitor.picture().restarts)) {
    const isWorker = [...workersOf(lines), repair].some(({ task }) => task === name);
    const uncounted = isWorker ? ": what it did and held in the second before is not counted" : "";
    terminal.say(`${name} was started again${uncounted}`);
  }
  faults.forEach(terminal.say);
  if (options.json) console.log(JSON.stringify(toJson(feed, monitor.picture())));
  terminal.shout(headline(feed, config));
}
