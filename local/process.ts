import { run } from "./command.ts";

/** The command line of a running process; empty if there is none, or only its remains. */
export async function commandLineOf(pid: number): Promise<string> {
  try {
    if (Deno.build.os === "linux") return await Deno.readTextFile(`/proc/${pid}/cmdline`);
    return await run("ps", ["-ww", "-o", "args=", "-p", String(pid)]);
  } catch {
    return "";
  }
}

/** The parent of a process, now; 0 if there is none. */
export async function parentOf(pid: number): Promise<number> {
  try {
    if (Deno.build.os !== "linux") return Number(await run("ps", ["-o", "ppid=", "-p", String(pid)]));
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    // The name, in parentheses, may hold spaces and parentheses itself. proc_pid_stat(5)
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

/** Whether a process runs. */
export async function isRunning(pid: number): Promise<boolean> {
  return await commandLineOf(pid) !== "";
}

/** Sends a signal; a process that has ended meanwhile needs none. */
export function unlessEnded(send: () => void): void {
  try {
    send();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
  }
}
