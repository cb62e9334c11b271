import type { Buffer } from "node:buffer";
import { describe } from "../log.ts";
import { abortedFilter, type AbortedTransaction } from "./aborted.ts";
import { type BatchHeader, check, HEADER_BYTES, headerAt } from "./batch_header.ts";
import type { Incoming } from "./incoming.ts";
import { messagesByParts } from "./large_batch.ts";
import { createRecordReader } from "./record.ts";
import { type Portion, PORTION_BYTES } from "./portion.ts";
import { codecs } from "./record_batch.ts";
import { packingOf } from "./unpack.ts";

/** The record batches of one partition that came with one fetch, as they came. */
export interface RecordSet {
  readonly bytes: Buffer;
  readonly aborted: readonly AbortedTransaction[];
  /** The partition's end: the offset of the next message to come. */
  readonly end: number;
}

/** What is remembered of a partition from one fetch to the next. */
export interface Doubts {
  /** From here on it was fetched once more, since what came may have been damaged on its way. */
  suspect?: number;
  /** What is to be handed out for the batch that was suspect, should it not come again. */
  letter?: Incoming;
  /**
   * The base offset of the last batch that was handed out as one that can't be read, and the offset at which that was. Reading that
   * begins there once more hands it out again: a group that is joined anew has given up what was not stored.
   */
  told?: { readonly baseOffset: number; readonly at: number };
}

/** What a message takes beside its own bytes. */
const MESSAGE_BYTES = 64;

/**
 * Reads the messages of a record set from an offset on, portion by portion: no more is unpacked than what is asked for. Messages of
 * aborted transactions and the brokers' own are left out; a batch that is cut off at the end is left to the next fetch.
 *
 * Where a batch can't be read the set ends, since what follows can't be trusted. At the first sight of it nothing moves on: it is
 * fetched once more, since its bytes may have been damaged on their way. At the second it comes as one message that holds
 * its bytes and has `damage`; none of its messages is handed out.
 */
export async function* readSet(
  { bytes, aborted, end }: RecordSet,
  from: number,
  doubts: Doubts,
): AsyncGenerator<Portion> {
  const isAborted = abortedFilter(aborted);
  const reader = createRecordReader();
  let messages: Incoming[] = [];
  let size = 0;
  let unpacked: Buffer[] = [];
  let nextOffset = from;
  let toldOffset = from;
  let kept = 0; // messages of batches that are good
  const portion = (): Portion => {
    const full = { messages, bytes: size + messages.length * MESSAGE_BYTES, nextOffset, unpacked };
    messages = [];
    unpacked = [];
    size = 0;
    kept = 0;
    toldOffset = nextOffset;
    return full;
  };
  const isFirstSight = (letter?: Incoming) => {
    if (doubts.suspect === nextOffset) return false;
    Object.assign(doubts, { suspect: nextOffset, letter });
    return true;
  };

  for (let at = 0; at < bytes.length;) {
    const header = headerAt(bytes, at, nextOffset);
    // Brokers send the first batch whole, however large it is.
    if (header.isCutOff && at > 0) break;
    kept = messages.length;
    try {
      check(header, end);
      if (header.lastOffset >= nextOffset) {
        // The checksum does not cover the offset. Only a compacted topic has a gap.
        if (header.baseOffset > nextOffset) {
          if (isFirstSight()) break;
          // A broker passes over a batch whose header says that it ends before.
          if (doubts.letter) kept = messages.push(doubts.letter);
        }
        if (nextOffset === doubts.suspect) doubts.letter = undefined;
        if (!isAborted(header) && !header.isControl) {
          const whole = packingOf(header.codec).whole(header.bytes.subarray(HEADER_BYTES));
          if (whole) {
            reader.begin(header, nextOffset);
            reader.end(whole.length - reader.read(whole, messages));
            size += whole.length;
            if (header.codec !== codecs.none) unpacked.push(whole);
          } else {
            if (messages.length > 0) yield portion();
            for await (const part of messagesByParts(header, nextOffset)) {
              ({ messages, bytes: size, nextOffset, unpacked } = part);
              if (messages.length > 0) yield portion();
            }
          }
        }
        nextOffset = header.lastOffset + 1;
        if (size + messages.length * MESSAGE_BYTES >= PORTION_BYTES) yield portion();
      }
      at += header.bytes.length;
    } catch (error) {
      const isKnown = doubts.told?.baseOffset === header.baseOffset && nextOffset > doubts.told.at;
      const damage = { cause: `a record batch can't be read: ${describe(error)}`, records: header.count };
      const letter = { key: null, value: header.bytes, offset: String(nextOffset), damage };
      messages.length = kept;
      if (!isKnown && isFirstSight(letter)) break;
      const following = headerAt(bytes, at + header.bytes.length, nextOffset);
      const isGood = passes(following, end);
      if (isKnown && isGood && following.baseOffset <= nextOffset) {
        at += header.bytes.length;
        continue;
      }
      if (messages.length > 0) yield portion();
      if (!isKnown) {
        messages.push(letter);
        doubts.told = { baseOffset: header.baseOffset, at: nextOffset };
      }
      doubts.letter = undefined;
      nextOffset = isGood && following.baseOffset > nextOffset
        ? following.baseOffset
        : placeAfter(header, nextOffset, end);
      break;
    }
  }
  if (nextOffset > toldOffset) yield portion();
}

/**
 * Where to go on after a batch that can't be read, and whose header may be wrong, too: behind its last message where what it says
 * of itself agrees, else one offset further. Where that is still within the batch, the broker sends it again. So nothing that
 * is good is passed over.
 */
function placeAfter({ baseOffset, lastOffset, count }: BatchHeader, from: number, end: number): number {
  const agrees = baseOffset <= from && lastOffset < end && count === lastOffset - baseOffset + 1;
  return agrees ? Math.max(from, lastOffset) + 1 : from + 1;
}

function passes(header: BatchHeader, end: number): boolean {
  try {
    check(header, end);
    return true;
  } catch {
    return false;
  }
}
