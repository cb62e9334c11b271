import { ArchiveError } from "./archive_error.ts";
import type { ArchiveFile } from "./files.ts";

/** The archive can't be reached, or a transfer broke off: another attempt may succeed. */
export class TransferError extends Error {
  override name = "TransferError";
}

/** A zip file on its way. */
export interface Transfer {
  /** The bytes of the whole file; undefined if the archive does not say. */
  readonly size: number | undefined;
  /** The next bytes; undefined at the end. Throws a TransferError if the connection is lost. */
  read(): Promise<Uint8Array | undefined>;
  /** Gives up what was not read. */
  close(): Promise<void>;
}

/** The exchange's public archive. */
export interface Archive {
  /**
   * The SHA-256 of a file in hex, as the archive tells it; undefined if it has no such file.
   * @throws {TransferError} if the archive can't be reached now
   * @throws {ArchiveError} if it answers what is no checksum of this file
   */
  checksumOf(file: ArchiveFile): Promise<string | undefined>;
  /** Begins to read a file; throws as `checksumOf` does. */
  open(file: ArchiveFile): Promise<Transfer>;
}

/** An answer that another attempt may replace. */
const isPassing = (status: number) => status === 408 || status === 429 || status >= 500;

/** The archive at a URL, until the signal is aborted. */
export function openArchive(url: string, signal: AbortSignal): Archive {
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(url + path, { signal }).catch((error) => {
      signal.throwIfAborted();
      throw new TransferError(`Cannot reach the archive at ${url}: ${error.message}`);
    });
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    const why = `The archive answers ${response.status} ${response.statusText} at ${url}${path}`;
    throw isPassing(response.status) ? new TransferError(why) : new ArchiveError(why);
  };
  const broken = (error: Error) => {
    signal.throwIfAborted();
    return new TransferError(`The archive at ${url} broke off: ${error.message}`);
  };
  return {
    async checksumOf(file) {
      const path = `${file.path}.CHECKSUM`;
      const response = await get(path);
      const text = await response.text().catch((error) => {
        throw broken(error);
      });
      return response.status === 404 ? undefined : readChecksum(text, path);
    },
    async open({ path }) {
      const response = await get(path);
      if (response.status === 404 || !response.body) {
        await response.body?.cancel();
        throw new ArchiveError("its CHECKSUM is there, but not the file itself");
      }
      const reader = response.body.getReader();
      const length = Number(response.headers.get("content-length") ?? NaN);
      return {
        size: length >= 0 ? length : undefined,
        async read() {
          const { value } = await reader.read().catch((error) => {
            throw broken(error);
          });
          return value;
        },
        close: () => reader.cancel().catch(() => {}),
      };
    },
  };
}

/** Reads `<sha256>  <file>`, as sha256sum writes it. */
function readChecksum(text: string, path: string): string {
  const sha256 = /^([0-9a-f]{64})\s/i.exec(text)?.[1];
  if (sha256) return sha256.toLowerCase();
  throw new ArchiveError(`${path} has no SHA-256: it begins with ${JSON.stringify(text.slice(0, 40))}`);
}
