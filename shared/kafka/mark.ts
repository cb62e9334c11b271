import { Buffer } from "node:buffer";
import { crc32c } from "./crc32c.ts";
import type { Incoming } from "./incoming.ts";
import type { Extent } from "./position.ts";

/** A message that was read, by which its partition's log is known again. */
export interface Mark {
  readonly offset: number;
  /** CRC-32C of its key and value. */
  readonly checksum: number;
}

/** The mark of a message. */
export function markOf({ offset, key, value }: Incoming): Mark {
  const parts = [key, value].map((part) => part ?? new Uint8Array());
  const length = Buffer.from(`${parts[0].length}:`);
  return { offset: Number(offset), checksum: crc32c(Buffer.concat([length, ...parts])) };
}

/** A mark as the metadata of a commit, such as `bookline:99:1c291ca3`. */
export function encodeMark({ offset, checksum }: Mark): string {
  return `bookline:${offset}:${checksum.toString(16)}`;
}

/** The mark in a commit's metadata; undefined where there is none, as in commits of other programs and earlier versions. */
export function decodeMark(metadata: string | null): Mark | undefined {
  const [, offset, checksum] = /^bookline:(\d{1,16}):([0-9a-f]{1,8})$/.exec(metadata ?? "") ?? [];
  return offset === undefined ? undefined : { offset: Number(offset), checksum: parseInt(checksum, 16) };
}

/**
 * Whether a partition's log is another one than when the mark was made: it was truncated or made anew. A message that retention has
 * deleted says nothing.
 * @param found the checksum of the message that is there now at the mark's offset, if there is one
 */
export function isOtherLog(mark: Mark, { low }: Extent[number], found: number | undefined): boolean {
  return found !== mark.checksum && mark.offset >= low;
}

/** The messages that were read of each partition last, until what follows them is committed. */
export interface Marks {
  /** Notes the messages that come before an offset. */
  read(partition: number, messages: readonly Incoming[], nextOffset: number): void;
  /** The mark of the last message before an offset; older ones are forgotten. */
  before(partition: number, offset: number): Mark | undefined;
  /** The mark of the newest message. */
  newest(partition: number): Mark | undefined;
  clear(): void;
}

/** No message has been read. */
export function createMarks(): Marks {
  let partitions = new Map<number, { nextOffset: number; mark: Mark }[]>();
  return {
    read(partition, messages, nextOffset) {
      // What can't be read may be read otherwise the next time.
      const last = messages.findLast(({ damage }) => !damage);
      const known = partitions.get(partition) ?? [];
      const isBack = (known.at(-1)?.nextOffset ?? 0) >= nextOffset;
      const kept = isBack ? [] : known;
      const mark = last ? markOf(last) : kept.at(-1)?.mark;
      partitions.set(partition, kept);
      if (mark) kept.push({ nextOffset, mark });
    },
    before(partition, offset) {
      const known = partitions.get(partition) ?? [];
      const place = known.findLastIndex(({ nextOffset }) => nextOffset <= offset);
      if (place > 0) known.splice(0, place);
      return place < 0 ? undefined : known[0].mark;
    },
    newest: (partition) => partitions.get(partition)?.at(-1)?.mark,
    clear: () => void (partitions = new Map()),
  };
}
