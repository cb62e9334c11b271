import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, where tasks run. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The command line of each task, by name. */
export type Tasks = Readonly<Record<string, string>>;

/** Reads the tasks of a project's `deno.json`: each is its command line, or an object that has it as `command`. */
export function readTasks(project = root): Tasks {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(project, "deno.json")));
  return Object.fromEntries(
    Object.entries<string | { command: string }>(tasks)
      .map(([name, task]) => [name, typeof task === "string" ? task : task.command]),
  );
}

/**
 * What follows `deno` on the command line of the process that a task starts, permissions included: so a process started with it may do
 * what the task may, and no more. A task that runs another with more words is that one with these words.
 * @throws {Error} if there is no such task, or it is no plain `deno run …`
 */
export function taskArguments(tasks: Tasks, name: string): string[] {
  const [command, verb, ...args] = tasks[name]?.split(/\s+/) ?? [];
  const isPlain = command === "deno" && !args.some((arg) => /[&|;'"$]/.test(arg));
  if (isPlain && verb === "run") return [verb, ...args];
  const [other, ...words] = args.filter((arg) => arg !== "--quiet");
  if (isPlain && verb === "task" && other !== name) return [...taskArguments(tasks, other), ...words];
  throw new Error(`Cannot start ${name}: deno.json must have a task of that name that is a plain deno run …`);
}

/** The script that a task runs. */
export const scriptOf = (tasks: Tasks, name: string): string =>
  taskArguments(tasks, name).find((word, i) => i > 0 && !word.startsWith("-"))!;
