import { run } from "./command.ts";
import { removeIfThere } from "./folders.ts";

/**
 * Makes a folder that is removed when it is disposed of. Unlike one of `Deno.makeTempDir` it can be entered by the
 * account that the Postgres server runs as.
 */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "bookline-" });
  await Deno.chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => removeIfThere(path) };
}

/**
 * Starts a server in another process, and kills that process without a warning, and the server's watcher before it unless
 * that is to end the server.
 *
 * @param module a file beside this one, whose `start` takes the folder
 * @returns the server's own process, which is left behind
 */
export async function leaveBehind(
  module: string,
  start: string,
  folder: string,
  isWatched = false,
): Promise<number> {
  const script = `
    import { ${start} } from "${new URL(module, import.meta.url)}";
    const server = await ${start}({ folder: ${JSON.stringify(folder)} });
    console.log(server.pid);
    setInterval(() => {}, 1_000);`;
  const starter = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", script],
    cwd: import.meta.dirname,
    stdout: "piped",
  }).spawn();
  for await (const printed of starter.stdout.pipeThrough(new TextDecoderStream())) {
    const server = Number(printed);
    if (!isWatched) { for (const watcher of await watchersOf(folder)) Deno.kill(watcher, "SIGKILL"); }
    starter.kill("SIGKILL");
    await starter.status;
    return server;
  }
  throw new Error(`Cannot test orphans as ${start} failed in another process.`);
}

/** The watchers that run of processes whose command line has this word. */
export async function watchersOf(word: string): Promise<number[]> {
  const all = await run("ps", ["-axww", "-o", "pid=,args="]);
  return all.split("\n").filter((line) => line.includes(" bookline-watcher ") && line.includes(word))
    .map((line) => parseInt(line));
}

/** Runs `task` with variables of the environment set, or unset where undefined, and puts them back. */
export async function withEnvironment(
  variables: Record<string, string | undefined>,
  task: () => Promise<void>,
): Promise<void> {
  const set = (name: string, value?: string) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  Object.entries(variables).forEach(([name, value]) => set(name, value));
  try {
    await task();
  } finally {
    before.forEach(([name, value]) => set(name, value));
  }
}
