import { copyParts } from "../consumers/postgres/copy.ts";
import { createEncoder } from "../consumers/postgres/encoder.ts";
import { encodeParts } from "../consumers/postgres/parts.ts";
import { ownSettings, transact } from "../shared/postgres/transaction.ts";
import type { Stream, StreamMessage } from "../shared/stream.ts";
import type { Archive } from "./archive.ts";
import type { ArchiveFile } from "./files.ts";
import { linesOf } from "./lines.ts";
import { readMessages } from "./read_file.ts";
import { statementsFor, type Target } from "./target.ts";
import { unzip } from "./unzip.ts";
import { verified } from "./verify.ts";

/** Is told of what is read, while a file is imported. */
export interface Reading {
  /** So many rows more, and the share of the file that is read by now, from 0 to 1. */
  (rows: number, share: number): void;
}

/**
 * Imports a file: all of its rows and the note that they are imported, or nothing. The bytes are verified on their way into the
 * transaction, which is committed only if the checksum is right, so neither memory nor disk holds the file.
 * @throws {ArchiveError} if the file is not what it must be
 * @throws {TransferError} if the archive is away
 * @throws {Error} what the database answers
 */
export async function importFile(
  target: Target,
  archive: Archive,
  stream: Stream,
  file: ArchiveFile,
  sha256: string,
  onRead: Reading,
): Promise<void> {
  const { sql, schema } = target;
  const statements = statementsFor(stream, schema, file, sha256);
  const store = async (statement: string) => {
    const transfer = await archive.open(file);
    let bytes = 0;
    const read = async function* (zip: AsyncIterable<Uint8Array>) {
      const lines = linesOf(unzip(counted(zip, (more) => bytes += more)));
      for await (const batch of readMessages(stream.archive!, file, lines, Date.now())) {
        onRead(batch.length, transfer.size ? bytes / transfer.size : 0);
        yield batch;
      }
    };
    const parts = encodeParts(verified(transfer, sha256, read), createEncoder<StreamMessage>(stream.storage));
    await copyParts(sql, ownSettings + statement, parts);
  };

  const [{ is_new }] = await transact(sql, statements.isNew);
  if (!is_new) return await store(statements.upsert);
  try {
    // Straight into the table, which is 1.6 times as fast.
    await store(statements.copy);
  } catch (error) {
    // Somebody has stored one of the rows meanwhile.
    if ((error as { code?: string }).code !== "23505") throw error;
    await store(statements.upsert);
  }
}

async function* counted(
  parts: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of parts) {
    onBytes(bytes.length);
    yield bytes;
  }
}
