import { run } from "./command.ts";

/** The command line of a running process; empty where there is none, or only its remains. */
export async function commandLineOf(pid: number): Promise<string> {
  try {
    if (Deno.build.os === "linux") return await Deno.readTextFile(`/proc/${pid}/cmdline`);
    return await run("ps", ["-ww", "-o", "args=", "-p", String(pid)]);
  } catch {
    return "";
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
