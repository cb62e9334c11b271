import type { Config } from "../../shared/config.ts";
import { sleep } from "../../shared/wait.ts";
import type { Exchange } from "../exchange/server.ts";
import { drain } from "./drain.ts";
import { untilSubscribed } from "./exchange.ts";
import { type Feed, headline } from "./feed.ts";
import { type Line, type Monitor, workersOf } from "./monitor.ts";
import type { Options } from "./options.ts";
import type { Surroundings } from "./run.ts";
import { renderLines, renderScreen, type Stage } from "./screen.ts";
import { toJson, toSentences } from "./summary.ts";

/** How often the picture is told where it can't be painted, in ms. */
const TELL_MS = 5_000;
/** How long workers may take to be well; after that the feed begins nevertheless. In ms. */
const START_MS = 15_000;

/** A pipeline whose processes run. */
export interface Pipeline {
  readonly feed: Feed;
  readonly options: Options;
  readonly config: Config;
  readonly lines: readonly Line[];
  readonly monitor: Monitor;
  /** The exchange on this machine; absent for the live feed. */
  readonly exchange?: Exchange;
}

/**
 * Lets the feed begin, shows how it goes, and stops all in order when the user says so, the time is over or the recording
 * is.
 * @returns the exit code
 * @throws {Error} if a worker can't run as it is configured, or a recording can't be played to its end
 */
export async function oversee(pipeline: Pipeline, { terminal, signal }: Surroundings): Promise<number> {
  const { feed, options, lines, monitor, exchange } = pipeline;
  let doing = "starting the workers";
  let startedAt: number | undefined;
  let endedAt: number | undefined;
  let toldAt = 0;
  const stage = (): Stage => ({
    doing,
    elapsedMs: startedAt === undefined ? 0 : (endedAt ?? Date.now()) - startedAt,
    durationMs: options.durationMs,
  });
  const show = () => {
    const picture = monitor.picture();
    if (terminal.isInteractive) {
      return terminal.paint((columns, rows) => renderScreen(picture, stage(), columns, rows));
    }
    if (startedAt === undefined || Date.now() - toldAt < TELL_MS) return;
    toldAt = Date.now();
    renderLines(picture, stage()).forEach(terminal.say);
  };

  const watching = new AbortController();
  const watched = monitor.watch(watching.signal, show);
  try {
    const failed = Promise.race(workersOf(lines).map((worker) => worker.failed));
    await Promise.race([failed, untilReady(pipeline, signal)]);
    if (!signal.aborted) exchange?.start();
    startedAt = Date.now();
    doing = "running; Ctrl-C stops it, and nothing is lost";
    await Promise.race([failed, untilOver(pipeline, signal)]);
    endedAt = Date.now();
    const faults = await drain(lines, monitor, exchange, (text) => {
      doing = text;
      show();
    });
    doing = "stopped";
    show();
    terminal.keep();
    toSentences(monitor.picture()).forEach(terminal.say);
    for (const { task, restarts } of workersOf(lines)) {
      if (restarts > 0) {
        terminal.say(`${task} was started again: what it did in the second before is not counted`);
      }
    }
    faults.forEach(terminal.say);
    if (options.json) console.log(JSON.stringify(toJson(feed, monitor.picture())));
    terminal.shout(headline(feed));
    return faults.length === 0 ? 0 : 1;
  } finally {
    watching.abort();
    await watched;
  }
}

/** Waits until all workers are well, and the producers subscribed where the exchange can tell. */
async function untilReady(
  { lines, config, exchange, monitor }: Pipeline,
  signal: AbortSignal,
): Promise<void> {
  for (const limit = Date.now() + START_MS; !signal.aborted && Date.now() < limit;) {
    await monitor.poll();
    if (workersOf(lines).every(({ trouble }) => !trouble)) break;
    await sleep(100, signal);
  }
  if (exchange) await untilSubscribed(exchange, lines.map(({ stream }) => stream), config, signal);
}

/** Waits for the end that comes first. */
async function untilOver({ options, exchange }: Pipeline, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const stopped = options.durationMs === undefined ? aborted(either) : sleep(options.durationMs, either);
  try {
    await Promise.race(exchange ? [stopped, exchange.finished] : [stopped]);
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
