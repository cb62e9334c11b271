import assert from "node:assert/strict";
import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { localFolder } from "../local/folders.ts";
import { temporaryFolder } from "../local/testing.ts";
import { root } from "../local/up/tasks.ts";
import { spawnWatched } from "../local/watched.ts";
import { until, witnesses } from "./until.ts";

/** A copy of the project in which `up` can run beside whatever runs in this one. It is removed when disposed of. */
export interface Clone extends AsyncDisposable {
  readonly path: string;
  /** Starts `deno task up` with these arguments, in a process group of its own as a terminal does. */
  up(args: string[], env?: Record<string, string>): Up;
}

/** A running `deno task up`. */
export interface Up extends AsyncDisposable {
  /** The process of `deno task`, which starts the one of `up`. */
  readonly pid: number;
  readonly printed: { stdout: string; stderr: string };
  readonly ended: Promise<Deno.CommandStatus>;
  /** Sends a signal to the whole process group, as Ctrl-C does with SIGINT. */
  interrupt(signal?: Deno.Signal): void;
  /** Waits for words on standard error or output. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** What is not copied: what git and `up` keep, and what only tests and documents need. */
const left = new Set([".git", ".local", "node_modules", "tests", "bench", "grafana"]);

export async function cloneProject(): Promise<Clone> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder());
  const path = join(folder.path, "clone");
  await Deno.mkdir(path);
  for await (const { name } of Deno.readDir(root)) {
    if (!left.has(name)) await cp(join(root, name), join(path, name), { recursive: true });
  }
  // The servers that were fetched once are not fetched again; where none were, the copy fetches its own.
  for (const download of ["kafka/libs", "postgres/server"]) {
    const there = join(localFolder, download);
    await Deno.mkdir(join(path, ".local", download, ".."), { recursive: true });
    if (await Deno.stat(there).catch(() => undefined)) await symlink(there, join(path, ".local", download));
  }
  const kept = parts.move();
  return {
    path,
    up: (args, env = {}) => start(path, args, env),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function start(path: string, args: string[], env: Record<string, string>): Up {
  const child = spawnWatched({
    command: Deno.execPath(),
    args: ["task", "up", ...args],
    cwd: path,
    // None of the variables of the tests, such as servers.
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, HOME: Deno.env.get("HOME")!, NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
    signals: ["SIGTERM", "SIGKILL"],
  });
  const printed = { stdout: "", stderr: "" };
  const read = async (name: keyof typeof printed) => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) printed[name] += text;
  };
  const ended = Promise.all([child.status, read("stdout"), read("stderr")]).then(([status]) => status);
  const witness = () =>
    `up ${args.join(" ")}:\n${printed.stderr.slice(-3_000)}${printed.stdout.slice(-3_000)}`;
  witnesses.add(witness);
  let isOver = false;
  ended.finally(() => {
    isOver = true;
    witnesses.delete(witness);
  });
  const interrupt = (signal: Deno.Signal = "SIGINT") => {
    if (!isOver) Deno.kill(-child.pid, signal);
  };
  return {
    pid: child.pid,
    printed,
    ended,
    interrupt,
    says: (pattern) =>
      until(`up to say ${pattern}`, () => pattern.exec(printed.stderr + printed.stdout), 180_000),
    async [Symbol.asyncDispose]() {
      interrupt();
      await ended;
    },
  };
}

/** What `--json` prints. */
export interface Summary {
  readonly feed: string;
  readonly streams: Record<string, Record<string, number>>;
  readonly delay_ms: { readonly p50: number; readonly p99: number };
  readonly unsent: number;
  readonly restarts: Record<string, number>;
}

/** Waits for the end, which has to be a good one, and returns the summary: the only standard output. */
export async function summaryOf(up: Up): Promise<Summary> {
  const { code } = await up.ended;
  assert.equal(code, 0, up.printed.stderr);
  assert.equal(up.printed.stdout.trim().split("\n").length, 1, up.printed.stdout);
  return JSON.parse(up.printed.stdout);
}
