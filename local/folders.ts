import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { exclusively } from "./lock.ts";

/** Everything the local stack keeps in the project: downloads, data, logs. */
export const localFolder = fileURLToPath(new URL("../.local", import.meta.url));

/**
 * Fills a folder once: `fill` is given it empty, and is not called again while `source` (what the folder is made
 * from) stays the same. A second caller, in this process or another, waits for the first. The marker is written last,
 * so a fill that was cut off is begun again.
 *
 * @throws what `fill` throws
 */
export async function fillOnce(folder: string, source: string, fill: () => Promise<void>): Promise<void> {
  const marker = join(folder, ".made-from");
  const isFilled = async () => await readIfThere(marker) === source;
  if (await isFilled()) return;
  await exclusively(`${folder}.lock`, async () => {
    if (await isFilled()) return;
    await removeIfThere(folder);
    await Deno.mkdir(folder, { recursive: true });
    await fill();
    await Deno.writeTextFile(marker, source);
  });
}

/** The text of a file; undefined if there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Removes a file, or a folder with all in it, if there is one. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Removes a server's folder, and what takes its place where the server's account can't enter it. They lose their names first: a
 * removal that is cut off leaves nothing that a next start would take for a server's data.
 */
export async function removeServer(folder: string): Promise<void> {
  const elsewhere = await Deno.realPath(join(folder, "outside")).catch(() => undefined);
  for (const path of elsewhere ? [folder, elsewhere] : [folder]) {
    const nameless = `${path}.removed`;
    await removeIfThere(nameless);
    await Deno.rename(path, nameless).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    await removeIfThere(nameless);
  }
}
