import type { Account } from "./command.ts";

/** A process that ends when we do, whatever ends us. */
export interface WatchedPlan extends Partial<Account> {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
  /** Where it writes; without it to `stdout` and `stderr`. */
  readonly log?: string;
  readonly stdout?: "inherit" | "null" | "piped";
  readonly stderr?: "inherit" | "null" | "piped";
  /** The signals that end it, from the kindest to the surest, if we are gone. */
  readonly signals: readonly Deno.Signal[];
}

/** How long each signal has, if we are gone, in s: three of them together less than 10, on a busy machine too. */
const GRACE_S = 3;

/** Those that run. A pipe that nothing refers to would be closed by the garbage collector. */
const running = new Set<Deno.ChildProcess>();

/**
 * Starts a process in a session of its own, so that a Ctrl-C on the terminal, which reaches the whole process group, leaves
 * it to us to end it.
 *
 * A watcher beside it reads a pipe that we hold open and never write to. When we end, be it by SIGKILL, the system closes
 * the pipe, and the watcher ends the process. It is started before the process is, and knows its number because the process
 * takes the place of the shell. It is nobody's child: Postgres would take an unknown child that ends for a crash.
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
 * passed on to another command since.
 */
const script = `
signals=$1 log=$2; shift 2
exec 3<&0 </dev/null
[ -z "$log" ] || exec >>"$log" 2>&1
command_line() { if [ -d /proc/self ]; then tr '\\0' ' ' </proc/$$/cmdline; else ps -ww -o args= -p $$; fi 2>/dev/null; }
watch() {
  trap '' HUP INT QUIT TERM
  exec >/dev/null 2>&1
  read -r _ <&3
  for signal in $signals; do
    case $(command_line) in "$*"*) ;; *) exit ;; esac
    kill -s "$signal" $$
    rounds=0
    while [ $rounds -lt ${GRACE_S * 5} ] && kill -0 $$; do sleep 0.2; rounds=$((rounds + 1)); done
  done
}
(watch "$@" &)
exec "$@" 3<&-
`;
