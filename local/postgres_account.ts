import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { type Account, run } from "./command.ts";
import { removeIfThere } from "./folders.ts";
import { exclusively } from "./lock.ts";

/** Where root keeps the data if the server's account can't enter the project. */
const outside = "/var/lib/bookline";

/**
 * The account that the Postgres server runs as. Postgres refuses to run as root, so for root it is `nobody`, which every Unix has;
 * for other users it is their own (undefined).
 */
export async function serverAccount(): Promise<Account | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const users = await Deno.readTextFile("/etc/passwd");
  const [, uid, gid] = users.match(/^nobody:[^:]*:(-?\d+):(-?\d+):/m) ?? [];
  if (uid === undefined) {
    throw new Error(
      "Cannot start Postgres as root, and there is no user `nobody`: run this as another user.",
    );
  }
  // macOS writes its ids of nobody as -2.
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
}

/**
 * The folder itself if the account can enter it, otherwise one outside of the project: only its owner can enter a clone in a 0700
 * folder, as `mktemp -d` creates. A link named `outside` leads there from the folder. Nothing that is there is removed.
 */
export async function reachableFolder(
  folder: string,
  account: Account | undefined,
  progress: (line: string) => void,
): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  if (!account || await canEnter(folder, account)) return folder;
  const name = `${basename(folder)}-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`;
  const replacement = join(outside, name);
  const link = join(folder, "outside");
  await exclusively(`${link}.lock`, async () => {
    const linked = await linkTarget(link);
    if (linked === replacement) return;
    if (linked) progress(`This clone was moved or copied; the data of the former one is in ${linked}`);
    // An earlier clone at the same path left it, and it may hold data.
    if (await isFolder(replacement)) {
      const aside = `${replacement}.${Date.now()}`;
      await Deno.rename(replacement, aside);
      progress(
        `The data that an earlier clone kept outside of it is in ${aside} now: remove it if you don't need it`,
      );
    }
    await Deno.mkdir(replacement, { recursive: true });
    // The umask may have removed these rights.
    for (const each of [outside, replacement]) await Deno.chmod(each, 0o755);
    await removeIfThere(link);
    await Deno.symlink(replacement, link);
    progress(
      `Postgres can't run as root, and user nobody can't enter ${folder}: it is kept in ${replacement}`,
    );
  });
  return replacement;
}

async function canEnter(folder: string, account: Account): Promise<boolean> {
  return await run("test", ["-x", folder], { ...account, cwd: "/" }).then(() => true, () => false);
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

async function linkTarget(link: string): Promise<string | undefined> {
  return await Deno.readLink(link).catch(() => undefined);
}
