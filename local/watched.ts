import type { Account } from "./command.ts";

/** A process that ends when this one ends, even by SIGKILL. */
export interface WatchedPlan extends Partial<Account> {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
  /** The file that it writes to; by default its output goes to `stdout` and `stderr`. */
  readonly log?: string;
  readonly stdout?: "inherit" | "null" | "piped";
  readonly stderr?: "inherit" | "null" | "piped";
  /** The signals that end it once this process is gone, the mildest first. */
  readonly signals: readonly Deno.Signal[];
}

/** How long each signal has, if we are gone, in s: three of them together less than 10, on a busy machine too. */
const GRACE_S = 3;

/** Those that run. A pipe that nothing refers to would be closed by the garbage collector. */
const running = new Set<Deno.ChildProcess>();

/**
 * Starts a process in a session of its own: a Ctrl-C on the terminal reaches the whole process group, and the caller is to end
 * the process itself.
 *
 * A watcher reads a pipe that this process holds open and never writes to. When this process ends, even by SIGKILL, the system
 * closes the pipe, and the watcher ends the started process. The watcher starts first and knows the process by the shell's pid,
 * since the process replaces the shell (`exec`). It is not a child of the process: Postgres treats the end of an unknown child as a
 * crash.
 */
export function spawnWatched(plan: WatchedPlan): Deno.ChildProcess {
  const { command, args, log = "", stdout = "null", stderr = "null", signals, ...rest } = plan;
  const names = signals.map((signal) => signal.replace("SIG", "")).join(" ");
  const child = new Deno.Command("sh", {
    args: ["-c", script, "bookline-watcher", names, log, command, ...args],
    ...rest,
    detached: true,
    stdin: "piped",
    stdout,
    stderr,
  }).spawn();
  running.add(child);
  child.status.finally(() => {
    running.delete(child);
    return child.stdin.close();
  });
  return child;
}

/**
 * `$1` are the signals, `$2` the log, the rest is the command. The watcher sends no signal to a process whose number has
 * passed on to another command since. It ignores the group's signals before the command has started: on a busy machine a
 * signal right after the start ended the watcher.
 */
const script = `
signals=$1 log=$2; shift 2
exec 3<&0 </dev/null
[ -z "$log" ] || exec >>"$log" 2>&1
command_line() { if [ -d /proc/self ]; then tr '\\0' ' ' </proc/$$/cmdline; else ps -ww -o args= -p $$; fi 2>/dev/null; }
watch() {
  exec >/dev/null 2>&1
  read -r _ <&3
  for signal in $signals; do
    case $(command_line) in "$*"*) ;; *) exit ;; esac
    kill -s "$signal" $$
    rounds=0
    while [ $rounds -lt ${GRACE_S * 5} ] && kill -0 $$; do sleep 0.2; rounds=$((rounds + 1)); done
  done
}
(trap '' HUP INT QUIT TERM; watch "$@" &)
exec "$@" 3<&-
`;
