import { join } from "node:path";
import { backoff, sleep } from "../../shared/wait.ts";
import type { Report } from "../../shared/telemetry/report.ts";
import { lastLines, linesOf } from "../command.ts";
import { freePort } from "../ports.ts";
import { spawnWatched } from "../watched.ts";
import { finalCounts, parseLogLine } from "./log_line.ts";
import { type Registry, signalTo } from "./registry.ts";
import { root } from "./tasks.ts";
import { addTotals, atEnd, nothing, type Totals } from "./totals.ts";

/** The exit code by which a worker says that its configuration is wrong and a restart won't help. */
const CONFIGURATION = 78;
/** After a worker has run for this long, the next restart begins with a short pause again. In ms. */
const WELL_MS = 30_000;
/** A worker ends within 10 s of SIGTERM, or has hung. In ms. */
const END_MS = 12_000;
/** How long a worker may take to answer with its report, in ms. */
const HEALTH_MS = 900;
const HEALTH_HOST = "127.0.0.1";

export interface WorkerPlan {
  /** `kline:produce` */
  readonly task: string;
  /** Its streams, by name. */
  readonly streams: readonly string[];
  /** What follows `deno` on its command line. */
  readonly args: string[];
  readonly settings: Record<string, string>;
  /** Where its log is kept. */
  readonly logFolder: string;
  readonly registry: Registry;
  /** Is called with its warnings and errors, and when it is started again. */
  readonly notice: (line: string) => void;
}

/** A worker that is kept running until it is stopped. */
export interface WorkerProcess {
  readonly task: string;
  /** What it has done for a stream, as far as is known. */
  totalsOf(stream: string): Totals;
  /** What it has done for all its streams. */
  readonly totals: readonly Totals[];
  /** Whether it has said that all is well. */
  readonly isWell: boolean;
  /** Why it makes no progress, as far as is known. */
  readonly trouble: string | undefined;
  /** How often it had to be started again. */
  readonly restarts: number;
  /** Rejects, with its last words, if it can't run as it is configured. */
  readonly failed: Promise<never>;
  /** Asks it how it is. */
  poll(): Promise<void>;
  /** Lets it finish what it has in memory; returns why it could not, or undefined if it could. */
  stop(): Promise<string | undefined>;
  /** Ends it at once. */
  kill(): void;
}

/** What `/healthz` answers: the report, or where streams share the process, the report of each. */
type Health = Report & { readonly reason?: string; readonly streams?: Readonly<Record<string, Report>> };

type Reports = Readonly<Record<string, Report>>;

/** Starts a worker as the process that its task starts; it does not outlive us by more than 10 s. */
export function startWorker(plan: WorkerPlan): WorkerProcess {
  const { task, args, settings, registry, notice } = plan;
  const stopping = new AbortController();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // it is waited for later, or never
  const log = Deno.openSync(join(plan.logFolder, `${task.replace(/[: ]/g, "-")}.log`), {
    write: true,
    create: true,
    truncate: true,
  });
  let restarts = 0;
  let earlier: Readonly<Record<string, Totals>> = {};
  let now: Reports = {};
  let trouble: string | undefined;
  let port = 0;
  let child: Deno.ChildProcess | undefined;
  let hasAnswered = false;
  let isDone = false; // its last counts are known
  let lastWords: string[] = [];

  const read = async (output: ReadableStream<Uint8Array>) => {
    for await (const line of linesOf(output)) {
      lastWords = [...lastWords, line].slice(-20);
      log.writeSync(new TextEncoder().encode(line + "\n"));
      const entry = parseLogLine(line);
      if (entry && (entry.level === "warn" || entry.level === "error")) {
        notice(`${entry.level} ${entry.text}`);
      }
      const counts = entry && finalCounts(entry);
      if (counts) {
        now = { ...now, [counts.stream]: { ...now[counts.stream], counts: counts.counts } };
        isDone = true;
      }
    }
  };

  const runOnce = async () => {
    port = freePort();
    hasAnswered = isDone = false;
    child = spawnWatched({
      command: Deno.execPath(),
      args,
      cwd: root,
      // It is asked there, whatever .env says.
      env: { ...settings, HEALTH_HOST, HEALTH_PORT: String(port) },
      stderr: "piped",
      signals: ["SIGTERM", "SIGKILL"],
    });
    registry.add(child.pid, [Deno.execPath(), ...args].join(" "));
    const [status] = await Promise.all([child.status, read(child.stderr)]);
    registry.remove(child.pid);
    child = undefined;
    earlier = Object.fromEntries(
      plan.streams.map((one) => [one, addTotals(earlier[one] ?? nothing, atEnd(now[one] ?? { counts: {} }))]),
    );
    now = {};
    return status;
  };

  const keepRunning = async () => {
    for (let failures = 0;; failures++) {
      const startedAt = performance.now();
      const { code, signal } = await runOnce();
      const how = signal ?? `code ${code}`;
      if (stopping.signal.aborted) {
        return code === 0 ? undefined : `${task} ended with ${how} before it was done`;
      }
      if (code === CONFIGURATION) {
        return failure.reject(new Error(`Cannot run ${task}:\n${lastLines(lastWords)}`));
      }
      if (performance.now() - startedAt > WELL_MS) failures = 0;
      const pause = backoff(failures);
      trouble = `ended with ${how}`;
      notice(`warn  ${task} ended unexpectedly with ${how}: starting it again in ${Math.round(pause)} ms`);
      await sleep(pause, stopping.signal);
      if (stopping.signal.aborted) return;
      restarts++;
    }
  };
  const totalsOf = (stream: string) => addTotals(earlier[stream] ?? nothing, now[stream] ?? { counts: {} });
  const ended = keepRunning().finally(() => log.close());
  ended.catch((error) => failure.reject(error));

  return {
    task,
    failed: failure.promise,
    totalsOf,
    get totals() {
      return plan.streams.map(totalsOf);
    },
    get isWell() {
      return hasAnswered && trouble === undefined;
    },
    get restarts() {
      return restarts;
    },
    get trouble() {
      return trouble;
    },
    async poll() {
      const asked = child;
      if (!asked) return;
      try {
        const response = await fetch(`http://${HEALTH_HOST}:${port}/healthz`, {
          signal: AbortSignal.timeout(HEALTH_MS),
        });
        const health: Health = await response.json();
        if (asked !== child || isDone) return;
        hasAnswered = true;
        now = health.streams ?? { [plan.streams[0]]: health };
        trouble = health.reason;
      } catch {
        if (hasAnswered && !stopping.signal.aborted) trouble = "does not answer";
      }
    },
    async stop() {
      // Once: a second SIGTERM would have it quit without finishing.
      if (!stopping.signal.aborted && child) signalTo(child.pid, "SIGTERM");
      stopping.abort();
      const limit = setTimeout(() => child && signalTo(child.pid, "SIGKILL"), END_MS);
      const fault = await ended;
      clearTimeout(limit);
      return fault ?? undefined;
    },
    kill() {
      if (child) signalTo(child.pid, "SIGKILL");
    },
  };
}
