import { join } from "node:path";
import { poll } from "../shared/poll.ts";
import { sleep } from "../shared/wait.ts";
import { type Account, lastLines } from "./command.ts";
import { readIfThere, removeIfThere } from "./folders.ts";
import { commandLineOf, unlessEnded } from "./process.ts";
import { spawnWatched } from "./watched.ts";

/** How a server is started, known and ended. */
export interface DaemonPlan {
  /** For messages: "Kafka". */
  readonly name: string;
  /** Where its `log` and `pid` files are kept. */
  readonly folder: string;
  readonly command: string;
  readonly args: string[];
  readonly account?: Account;
  /** The signals that end it, the mildest first. */
  readonly signals: Deno.Signal[];
  /** Whether it answers by now. */
  isReady(pid: number): Promise<boolean>;
  /** A line of its log that says that what keeps it from starting will pass. */
  readonly passingFault?: RegExp;
}

/** A running server, ended by disposing of it. */
export interface Daemon extends AsyncDisposable {
  /** Its process; another one after `restart`. */
  readonly pid: number;
  /** Resolves when that process ends; another promise after `restart`. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Starts it again once it has ended, on the same data and port. */
  restart(signal?: AbortSignal): Promise<void>;
}

/** How long a server may take to start, in ms: after a crash it recovers first, which takes long on a busy machine. */
const startLimit = 180_000;
/** How long each signal has to end it, in ms. */
const endLimit = 20_000;

/**
 * Ends the server that an earlier process of ours, killed together with the server's watcher, may have left running on a
 * folder. The pid may belong to another process by now: the server is the one with the folder on its command line.
 */
export async function endOrphan(folder: string, signals: Deno.Signal[]): Promise<void> {
  const pid = Number(await readIfThere(join(folder, "pid")));
  const isThere = async () => pid > 0 && (await commandLineOf(pid)).includes(folder);
  for (const signal of signals) {
    if (!await isThere()) return;
    unlessEnded(() => Deno.kill(pid, signal));
    await poll(async () => !await isThere(), { ms: endLimit, pauseMs: 50 });
  }
}

/**
 * Starts a server in a session of its own, so that a Ctrl-C on the terminal does not end it before its clients. It ends at most 10 s
 * after a caller that is killed.
 *
 * @returns once it answers
 * @throws if it ends instead, or takes more than three minutes; the message has the last lines of its log
 */
export async function startDaemon(plan: DaemonPlan, signal?: AbortSignal): Promise<Daemon> {
  await freshLog(plan);
  let child = await launch(plan, signal);
  return {
    get pid() {
      return child.pid;
    },
    get ended() {
      return child.status;
    },
    kill: () => end(child, ["SIGKILL"]),
    stop: () => end(child, plan.signals),
    async restart(signal) {
      child = await launch(plan, signal);
    },
    async [Symbol.asyncDispose]() {
      await end(child, plan.signals);
      await removeIfThere(join(plan.folder, "pid"));
    },
  };
}

async function launch(plan: DaemonPlan, signal?: AbortSignal): Promise<Deno.ChildProcess> {
  const deadline = performance.now() + startLimit;
  for (;;) {
    const child = spawn(plan);
    const fault = await untilReady(plan, child, deadline, signal);
    if (fault === undefined) return child;
    await end(child, plan.signals);
    signal?.throwIfAborted();
    const log = join(plan.folder, "log");
    const lines = lastLines((await Deno.readTextFile(log)).split("\n"));
    if (!plan.passingFault?.test(lines) || performance.now() > deadline) {
      throw new Error(`Cannot start ${plan.name} as ${fault}. The last lines of ${log}:\n${lines}`);
    }
    await sleep(200, signal);
  }
}

/** Empties the log, keeping the last run's as `log.old`, and lets the server's account write to it. */
async function freshLog({ folder, account }: DaemonPlan): Promise<void> {
  const log = join(folder, "log");
  await Deno.writeTextFile(log, "", { append: true });
  await Deno.rename(log, `${log}.old`);
  await Deno.writeTextFile(log, "");
  if (account) await Deno.chown(log, account.uid, account.gid);
}

function spawn({ command, args, folder, account, signals }: DaemonPlan): Deno.ChildProcess {
  const child = spawnWatched({ command, args, cwd: folder, ...account, signals, log: join(folder, "log") });
  // Written synchronously: if the watcher is killed too, only the pid file leads to the server.
  Deno.writeTextFileSync(join(folder, "pid"), `${child.pid}\n`);
  child.unref();
  return child;
}

/** What went wrong, or undefined once the server is ready. */
async function untilReady(
  plan: DaemonPlan,
  child: Deno.ChildProcess,
  deadline: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  while (!signal?.aborted) {
    if (hasEnded) return "it ended at once";
    if (await plan.isReady(child.pid)) return undefined;
    if (performance.now() > deadline) return `it does not answer after ${startLimit / 1000} s`;
    await sleep(50, signal);
  }
  return "it was told to stop";
}

async function end(child: Deno.ChildProcess, signals: Deno.Signal[]): Promise<void> {
  child.ref();
  for (const signal of signals) {
    unlessEnded(() => child.kill(signal));
    const limit = new AbortController();
    const hasEnded = await Promise.race([child.status, sleep(endLimit, limit.signal)]);
    limit.abort();
    if (hasEnded) return;
  }
}
