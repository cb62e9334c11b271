import { dirname, join } from "node:path";

/**
 * Claims a folder for this process until the result is disposed of; it is made if there is none. The system drops the
 * claim of a process that is killed, so no stale one can stay behind.
 *
 * @throws if another process has claimed it; the message names that process
 */
export async function lockFolder(folder: string): Promise<Disposable> {
  const file = await open(join(folder, "lock"));
  if (await file.tryLock(true)) {
    await file.truncate();
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
    return file;
  }
  file.close();
  const holder = (await Deno.readTextFile(join(folder, "lock"))).trim();
  throw new Error(
    `Cannot use ${folder} as process ${holder} is using it: end that one first (kill ${holder}).`,
  );
}

/** Runs `task` while no other caller, in this process or another, runs one under the same lock file. */
export async function exclusively<T>(lockFile: string, task: () => Promise<T>): Promise<T> {
  using file = await open(lockFile);
  await file.lock(true);
  return await task();
}

async function open(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(dirname(path), { recursive: true });
  return await Deno.open(path, { read: true, write: true, create: true });
}
