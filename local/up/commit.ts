import { fileURLToPath } from "node:url";
import { run } from "../command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The commit of this checkout, for the workers' log; undefined if there is no Git or no repository. */
export async function commitHere(): Promise<string | undefined> {
  try {
    return (await run("git", ["-C", root, "describe", "--always", "--dirty"])).trim();
  } catch {
    return undefined;
  }
}
