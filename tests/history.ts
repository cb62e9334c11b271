import { temporaryFolder } from "../local/testing.ts";
import { root } from "../local/up/tasks.ts";

/** Whether this folder is a git repository that has the commit: an export or a shallow clone has none of the old ones. */
export async function hasCommit(hash: string): Promise<boolean> {
  return await runs("git", ["cat-file", "-e", `${hash}^{commit}`]);
}

/** The project as it was at a commit, in a folder that is removed when it is disposed of. */
export async function checkOut(hash: string): Promise<AsyncDisposable & { readonly path: string }> {
  await using parts = new AsyncDisposableStack();
  const { path } = parts.use(await temporaryFolder());
  const archive = `${path}/project.tar`;
  for (
    const [command, ...args] of [
      ["git", "archive", "--output", archive, hash],
      ["tar", "-xf", archive, "-C", path],
    ]
  ) {
    if (!await runs(command, args)) throw new Error(`Cannot check out ${hash}: ${command} ${args[0]} failed`);
  }
  const kept = parts.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Whether a command exists and succeeds in the project's folder. */
async function runs(command: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, cwd: root, stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}
