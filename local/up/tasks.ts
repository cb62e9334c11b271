import { fileURLToPath } from "node:url";

/** The project's folder, where tasks run. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The tasks of `deno.json`, by name. */
export async function readTasks(): Promise<Record<string, string>> {
  return JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url))).tasks;
}

/**
 * What follows `deno` on a task's command line, permissions included: so a process started with it may do what the task
 * may, and no more.
 * @throws {Error} if there is no such task, or it is no plain `deno run …`
 */
export function taskArguments(tasks: Record<string, string>, name: string): string[] {
  const [command, ...args] = tasks[name]?.split(/\s+/) ?? [];
  if (command === "deno" && args[0] === "run" && !args.some((arg) => /[&|;'"$]/.test(arg))) return args;
  throw new Error(`Cannot start ${name}: deno.json must have a task of that name that is a plain deno run …`);
}
