import { createHash } from "node:crypto";
import type { Transfer } from "./archive.ts";
import { ArchiveError } from "./archive_error.ts";

/**
 * What `read` makes of a file's bytes. It ends in order only if the file is as its checksum says: what came before may be stored, but must
 * not be committed. A file that can't be read is read to its end, since a wrong checksum says more about it than the first wrong byte.
 * @throws {ArchiveError} if the checksum differs, or `read` refuses the file
 */
export async function* verified<T>(
  transfer: Transfer,
  sha256: string,
  read: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const hash = createHash("sha256");
  const next = async () => {
    const bytes = await transfer.read();
    if (bytes) hash.update(bytes);
    return bytes;
  };
  try {
    try {
      yield* read(toEnd(next));
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      while (await next());
      requireSame(hash.digest("hex"), sha256);
      throw error;
    }
    requireSame(hash.digest("hex"), sha256);
  } finally {
    await transfer.close();
  }
}

async function* toEnd(next: () => Promise<Uint8Array | undefined>): AsyncGenerator<Uint8Array> {
  for (let bytes = await next(); bytes; bytes = await next()) yield bytes;
}

function requireSame(found: string, sha256: string): void {
  if (found === sha256) return;
  throw new ArchiveError(`its SHA-256 must be ${sha256}, as its CHECKSUM says: it is ${found}`);
}
