import { freePort } from "../local/ports.ts";
import { readTasks, root, taskArguments } from "../local/up/tasks.ts";
import { spawnWatched } from "../local/watched.ts";
import type { Report } from "../shared/telemetry/report.ts";
import { until, witnesses } from "./until.ts";

/** A worker's process. When it is disposed of it is killed, unless it has ended. */
export interface TestWorker extends AsyncDisposable {
  readonly pid: number;
  /** The lines of its log so far. */
  readonly lines: readonly string[];
  readonly ended: Promise<Deno.CommandStatus>;
  /** Sends a signal and waits for the end. */
  kill(signal: Deno.Signal): Promise<Deno.CommandStatus>;
  /** Waits for a line of the log that matches. */
  says(pattern: RegExp, ms?: number): Promise<string>;
  /** What `/healthz` answers; undefined while nothing does. */
  report(): Promise<HealthReport | undefined>;
  /** The status of `/livez`, of `/readyz` and of `/healthz`. */
  health(): Promise<number[]>;
}

export type HealthReport = Report & { readonly status: "ok" | "waiting" | "stuck" };

/**
 * Starts the process that a task starts, with the words that follow its name, with the task's permissions, and with `env` alone for its environment.
 * No worker may ever print a warning of the runtime's: disposing of one that did throws.
 *
 * @param project the folder of the Bookline whose task it is; by default this one
 * @param preload a module that runs in the process before the worker
 */
export function startWorker(
  task: string,
  env: Record<string, string>,
  project = root,
  preload?: string,
): TestWorker {
  const [name, ...words] = task.split(" ");
  const [run, ...rest] = taskArguments(readTasks(project), name);
  const args = [run, ...preload ? ["--preload", preload] : [], ...rest, ...words];
  const port = freePort();
  const child = spawnWatched({
    command: Deno.execPath(),
    args,
    cwd: project,
    clearEnv: true,
    env: { ...surroundings(), HEALTH_PORT: String(port), LOG_LEVEL: "debug", ...env },
    stderr: "piped",
    signals: ["SIGTERM", "SIGKILL"],
  });
  const lines: string[] = [];
  const read = collectLines(child.stderr, lines);
  const ended = read.then(() => child.status);
  const witness = () => [`${task}:`, ...lines.slice(-15)].join("\n  ");
  witnesses.add(witness);
  let isAsked = false;
  // One that ended unasked is the most important witness.
  ended.finally(() => isAsked && witnesses.delete(witness));
  const send = (signal: Deno.Signal) => {
    isAsked = true;
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
  };
  return {
    pid: child.pid,
    lines,
    ended,
    kill(signal) {
      send(signal);
      return ended;
    },
    says: (pattern, ms) =>
      until(`${task} to say ${pattern}`, () => lines.find((line) => pattern.test(line)), ms),
    async report() {
      const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
      return await response?.json();
    },
    health: () =>
      Promise.all(["livez", "readyz", "healthz"].map(async (path) => {
        const response = await fetch(`http://127.0.0.1:${port}/${path}`);
        await response.body?.cancel();
        return response.status;
      })),
    async [Symbol.asyncDispose]() {
      send("SIGKILL");
      await ended;
      witnesses.delete(witness);
      const warning = lines.find((line) => /TimeoutNegativeWarning|Uncaught|unhandled/i.test(line));
      if (warning) throw new Error(`${task} printed: ${warning}`);
    },
  };
}

/** What the runtime itself wants of the environment. */
function surroundings(): Record<string, string> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) =>
    /^(PATH|HOME|TMPDIR|XDG_CACHE_HOME|DENO_DIR|NO_COLOR)$/.test(name)
  );
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}

async function collectLines(output: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  let rest = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + text).split("\n");
    rest = whole.pop()!;
    lines.push(...whole);
  }
  if (rest) lines.push(rest);
}
