import { Buffer } from "node:buffer";
import { createInflateRaw, type InflateRaw } from "node:zlib";
import { ArchiveError } from "./archive_error.ts";

/** Of a zip file. PKWARE: "APPNOTE.TXT", sections 4.3.7 and 4.3.16. */
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const END = { signature: 0x06054b50, bytes: 22 };
const DEFLATED = 8;

/**
 * The bytes of the one file that a zip file holds, as the zip file comes, so that neither need be in memory as a whole.
 *
 * A zip file may tell the length of its file only after the file. Streaming readers such as fflate's then look for the bytes that mark its
 * end, which occur by chance in one of a hundred files of 20 MB. Deflated data has an end of its own, at which zlib stops.
 * @throws {ArchiveError} if it is no zip file, holds no file or several, can't be unpacked, or is cut short
 */
export async function* unzip(zip: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw();
  let failure: { readonly error: unknown } | undefined;
  const feeding = feed(zip, inflate).catch((error) => {
    failure = { error };
    inflate.destroy(error);
  });
  try {
    for await (const bytes of inflate) yield bytes;
  } catch (error) {
    await feeding;
    if (failure) throw failure.error;
    throw new ArchiveError(`it can't be unpacked: ${(error as Error).message}`);
  }
  await feeding;
  if (failure) throw failure.error;
}

/** Writes what follows the header of the file, and checks that the zip file has an end, and no other file. */
async function feed(zip: AsyncIterable<Uint8Array>, inflate: InflateRaw): Promise<void> {
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    for (const event of ["end", "error", "close"]) inflate.once(event, () => resolve(void (isOver = true)));
  });
  let head: Buffer | undefined = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  for await (const bytes of zip) {
    tail = Buffer.concat([tail, bytes.subarray(-END.bytes)]).subarray(-END.bytes);
    let rest = bytes;
    if (head) {
      head = Buffer.concat([head, bytes]);
      const length = headerLength(head);
      if (length === undefined) continue;
      rest = head.subarray(length);
      head = undefined;
    }
    // Nobody reads on: the rest of the zip file is the caller's.
    if (inflate.destroyed && !inflate.readableEnded) return;
    if (isOver || rest.length === 0) continue;
    await Promise.race([new Promise((resolve) => inflate.write(rest, () => resolve(undefined))), over]);
  }
  if (head) throw new ArchiveError("it is cut short within its header");
  inflate.end();
  await over;
  if (tail.length < END.bytes || tail.readUInt32LE(0) !== END.signature) {
    throw new ArchiveError("it is cut short");
  }
  const count = tail.readUInt16LE(10);
  if (count !== 1) throw new ArchiveError(`it must hold one file: it holds ${count}`);
}

/** The length of the header; undefined while it is not there as a whole. */
function headerLength(head: Buffer): number | undefined {
  if (head.length < LOCAL.bytes) return undefined;
  if (head.readUInt32LE(0) !== LOCAL.signature) throw new ArchiveError("it is no zip file");
  const method = head.readUInt16LE(8);
  if (method !== DEFLATED) throw new ArchiveError(`its file must be deflated: its compression is ${method}`);
  const length = LOCAL.bytes + head.readUInt16LE(26) + head.readUInt16LE(28);
  return head.length < length ? undefined : length;
}
