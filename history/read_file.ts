import type { Archive } from "../shared/stream.ts";
import { ArchiveError } from "./archive_error.ts";
import type { ArchiveFile } from "./files.ts";
import { lengthOf } from "./interval.ts";

/** How many messages are handed on at a time. */
const BATCH = 2_000;

/** The end of a candle is the last ms before the next one. */
interface Candle {
  readonly openTime: number;
  readonly closeTime: number;
}

/**
 * The messages of a file's lines, in batches. A header is left out: some files have one and some have none.
 * @throws {ArchiveError} at the first line that can't be one of this file, with its number and what is wrong; and if there is no line
 */
export async function* readMessages<M>(
  archive: Archive<M>,
  file: ArchiveFile,
  parts: AsyncIterable<readonly string[]>,
  fetchedAt: number,
): AsyncGenerator<M[]> {
  const { symbol, interval, period } = file;
  const width = archive.columns.length;
  const check = checkOf(archive, file);
  const of = { symbol, interval, fetchedAt };
  let number = 0;
  let batch: M[] = [];
  const read = (line: string): M => {
    const fields = line.split(",");
    if (fields.length !== width) {
      throw new RangeError(`it must have ${width} fields: it has ${fields.length}`);
    }
    const message = archive.toMessage(fields, of);
    check(message);
    return message;
  };
  let last = 0;
  for await (const lines of parts) {
    for (const line of lines) {
      number++;
      if (line === "" || number === 1 && !isDigit(line)) continue;
      try {
        batch.push(read(line));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new ArchiveError(`line ${number} is wrong: ${error.message}`);
      }
      last = number;
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
  if (last === 0) throw new ArchiveError(`it has no line of ${new Date(period.since).toISOString()}`);
}

const isDigit = (line: string) => line >= "0" && line < ":";

/** Returns a function that throws a RangeError if a message is not of the file, or if a candle is not the next one of its interval. */
function checkOf<M>(
  { time, intervals }: Archive<M>,
  { period, interval }: ArchiveFile,
): (message: M) => void {
  const { since, until } = period;
  const within = (at: number) => {
    if (at >= since && at < until) return;
    const [from, to] = [since, until].map((edge) => new Date(edge).toISOString());
    throw new RangeError(`its time must be from ${from} until ${to}: it is ${at}`);
  };
  if (!intervals) return (message) => within(Number(message[time]));
  const length = lengthOf(interval)!;
  let next = since;
  return (message) => {
    const { openTime, closeTime } = message as Candle;
    within(openTime);
    if (openTime < next || (openTime - since) % length !== 0 || closeTime !== openTime + length - 1) {
      throw new RangeError(
        `it must be a candle of ${interval} that follows the one before: it opens at ${openTime}`,
      );
    }
    next = openTime + length;
  };
}
