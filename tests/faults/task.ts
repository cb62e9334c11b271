import { fileURLToPath } from "node:url";
import { readTasks, taskArguments } from "../../local/up/tasks.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * What `deno task <name> …` prints.
 * @throws {Error} with its last words, if it fails
 */
export async function runTask(
  name: string,
  settings: Record<string, string>,
  ...args: string[]
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(readTasks(), name), ...args],
    cwd: root,
    env: settings,
  }).output();
  if (!success) throw new Error(`${name} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
