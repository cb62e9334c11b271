import { join } from "node:path";
import { localFolder, readIfThere, removeIfThere } from "../folders.ts";

/** The database that a running `up` fills. */
export interface UpDatabase {
  /** The variables by which it is found: `DB_URL`, `DB_USER`, `DB_PASSWORD`. */
  readonly env: Readonly<Record<string, string>>;
  /** The DB_URL that `up` itself was given; empty if none. */
  readonly given: string;
  /** The feed, in words: `SIMULATED data, not the market`. */
  readonly headline: string;
}

const usualFolder = join(localFolder, "up");

/** Puts it on file for `deno task sql`, until it is disposed of. Only this user may read the file: it has a password. */
export async function writeUpDatabase(database: UpDatabase, folder = usualFolder): Promise<AsyncDisposable> {
  const file = join(folder, "database.json");
  await removeIfThere(file);
  await Deno.writeTextFile(file, JSON.stringify(database), { mode: 0o600 });
  return { [Symbol.asyncDispose]: () => removeIfThere(file) };
}

/**
 * The database of the `up` that runs in this project now; undefined if none does, if it has not come to that yet, or if the user names
 * another database than `up` was given.
 *
 * @param given the DB_URL of now; empty if there is none
 */
export async function readUpDatabase(given: string, folder = usualFolder): Promise<UpDatabase | undefined> {
  const text = await readIfThere(join(folder, "database.json"));
  if (text === undefined || !await isLocked(join(folder, "lock"))) return undefined;
  const database: UpDatabase = JSON.parse(text);
  return database.given === given ? database : undefined;
}

/** Whether a process holds the lock: the file of an `up` that was killed is left behind. */
async function isLocked(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true });
    return !await file.tryLock(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
