import { join } from "node:path";
import { poll } from "../../shared/poll.ts";
import { localFolder, readIfThere, removeIfThere } from "../folders.ts";
import { commandLineOf } from "../process.ts";

const usualFile = join(localFolder, "up", "workers.json");

/** How long a worker that was left running may take to finish what it has in memory, in ms. */
const GRACE_MS = 12_000;

interface Entry {
  readonly pid: number;
  readonly command: string;
}

/** The processes that run, on file, so that the next `up` finds those of one that was killed. */
export interface Registry {
  add(pid: number, command: string): void;
  remove(pid: number): void;
}

/** An empty registry in the place of any earlier one. */
export function createRegistry(file = usualFile): Registry {
  const entries = new Map<number, Entry>();
  // At once, and not a moment later: a process that is on no file could not be found again. Nor is the file ever half written.
  const write = () => {
    Deno.writeTextFileSync(`${file}.new`, JSON.stringify([...entries.values()]));
    Deno.renameSync(`${file}.new`, file);
  };
  return {
    add(pid, command) {
      entries.set(pid, { pid, command });
      write();
    },
    remove(pid) {
      entries.delete(pid);
      write();
    },
  };
}

/**
 * Ends the workers that an earlier, killed `up` left behind, and returns how many. A number on file can be another
 * process's by now: ours is one with the same command line.
 */
export async function endLeftovers(file = usualFile): Promise<number> {
  const entries: Entry[] = JSON.parse(await readIfThere(file) || "[]");
  const ended = await Promise.all(entries.map(async ({ pid, command }) => {
    const isThere = async () => (await commandLineOf(pid)).replaceAll("\0", " ").trim() === command;
    if (!await isThere()) return false;
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      signalTo(pid, signal);
      await poll(async () => !await isThere(), { ms: GRACE_MS, pauseMs: 50 });
    }
    return true;
  }));
  await removeIfThere(file);
  return ended.filter(Boolean).length;
}

/** Sends a signal; a process that has ended needs none. */
export function signalTo(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
