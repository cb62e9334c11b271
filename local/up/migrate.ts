import { parseLogLine } from "./log_line.ts";
import { root } from "./tasks.ts";

/**
 * Brings the database up to date by the task's own process.
 *
 * @param args what follows `deno` on the task's command line
 * @throws {Error} with what the task said
 */
export async function migrate(
  args: string[],
  settings: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { ...settings, HEALTH_PORT: "" },
    signal,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  signal.throwIfAborted();
  if (success) return;
  const printed = new TextDecoder().decode(stderr).trim().split("\n");
  const faults = printed.map(parseLogLine).filter((line) => line?.level === "error").map((line) =>
    line!.text
  );
  throw new Error(`Cannot prepare the database: ${(faults.length > 0 ? faults : printed).join("\n")}`);
}
