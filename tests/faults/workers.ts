import { startWorker, type TestWorker } from "../worker.ts";

/** The workers of a pipeline. One that ends unasked is reported. */
export interface Workers extends AsyncDisposable {
  /** Starts one with settings of its own, and a module that runs in it first. */
  start(task: string, settings?: Record<string, string>, preload?: string): TestWorker;
  /** All that run, each with its task. */
  readonly all: readonly (readonly [task: string, TestWorker])[];
  /** Those that ended unasked, in words. */
  readonly fallen: readonly string[];
  /** Those of a task that run, the oldest first. */
  of(task: string): TestWorker[];
  /** Those of all tasks that end so: `:produce`. */
  allOf(suffix: string): TestWorker[];
  /** Sends a signal and waits for the end. */
  end(worker: TestWorker, signal: Deno.Signal): Promise<Deno.CommandStatus>;
  /** Ends workers with SIGTERM; one that does not end in good order is a problem: after 10 s it ends itself with another code. */
  drain(workers: readonly TestWorker[]): Promise<void>;
}

/**
 * No workers yet; those to come are configured by `settings`, and `problem` is called with what should not happen.
 *
 * @param project the folder of the Bookline whose workers they are; by default this one
 */
export function createWorkers(
  settings: Record<string, string>,
  problem: (words: string) => void,
  project?: string,
): Workers {
  const tasks = new Map<TestWorker, string>();
  const asked = new Set<TestWorker>();
  const fallen: string[] = [];
  const those = (isWanted: (task: string) => boolean) =>
    [...tasks].filter(([, task]) => isWanted(task)).map(([worker]) => worker);

  const end = (worker: TestWorker, signal: Deno.Signal) => {
    asked.add(worker);
    return worker.kill(signal);
  };

  return {
    get all() {
      return [...tasks].map(([worker, task]) => [task, worker] as const);
    },
    fallen,
    start(task, more = {}, preload) {
      const worker = startWorker(task, { ...settings, ...more }, project, preload);
      tasks.set(worker, task);
      worker.ended.then(({ code, signal }) => {
        tasks.delete(worker);
        if (asked.has(worker)) return;
        fallen.push(`${task} ended by itself with ${lastWords(worker, { code, signal })}`);
        problem(fallen.at(-1)!);
      });
      return worker;
    },
    of: (task) => those((one) => one === task),
    allOf: (suffix) => those((task) => task.endsWith(suffix)),
    end,
    async drain(workers) {
      await Promise.all(workers.map(async (worker) => {
        const task = tasks.get(worker);
        const status = await end(worker, "SIGTERM");
        if (status.code !== 0) problem(`${task}, asked to stop, ended with ${lastWords(worker, status)}`);
      }));
    },
    async [Symbol.asyncDispose]() {
      const left = [...tasks.keys()];
      for (const worker of left) asked.add(worker);
      await Promise.all(left.map((worker) => worker[Symbol.asyncDispose]()));
    },
  };
}

function lastWords(
  { lines }: TestWorker,
  { code, signal }: Pick<Deno.CommandStatus, "code" | "signal">,
): string {
  return [`${signal ?? `code ${code}`}:`, ...lines.slice(-5)].join("\n  ");
}
