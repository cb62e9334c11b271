import { Unzip, UnzipInflate } from "fflate";
import { ArchiveError } from "./archive_error.ts";

/**
 * The bytes of the one file that a zip file holds, as the zip file comes, so that neither need be in memory as a whole.
 * @throws {ArchiveError} if it is no zip file, holds no file or several, can't be unpacked, or ends before its file does
 */
export async function* unzip(zip: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacked: Uint8Array[] = [];
  const names: string[] = [];
  let isWhole = false;
  const unzipping = new Unzip((file) => {
    names.push(file.name);
    if (names.length > 1) throw new ArchiveError(`it holds several files: ${names.join(" and ")}`);
    file.ondata = (error, bytes, isLast) => {
      if (error) throw error;
      unpacked.push(bytes);
      isWhole ||= isLast;
    };
    file.start();
  });
  unzipping.register(UnzipInflate);
  const push = (bytes: Uint8Array, isLast: boolean) => {
    try {
      unzipping.push(bytes, isLast);
    } catch (error) {
      if (error instanceof ArchiveError) throw error;
      throw new ArchiveError(`it can't be unpacked: ${(error as Error).message}`);
    }
    return unpacked.splice(0);
  };
  for await (const bytes of zip) yield* push(bytes, false);
  yield* push(new Uint8Array(), true);
  if (names.length === 0) throw new ArchiveError("it holds no file");
  if (!isWhole) throw new ArchiveError(`it ends before ${names[0]} does`);
}
