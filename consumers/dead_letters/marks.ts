import type { Extent, Incoming, Outgoing } from "../../shared/kafka/mod.ts";
import { type Letter, utf8 } from "./letter.ts";

/** What was done about a letter. */
export type State = "replayed" | "dropped";

/** The header that only marks have. */
const HEADER = "bookline-mark";

/** How many different reasons are counted; further ones are counted together. */
const MOST_REASONS = 100;

/** What was done about the letters of a topic, one bit a letter and state. */
export interface Marks {
  /** Notes what a mark says. */
  read(mark: Incoming): void;
  stateOf(letter: Letter): State | undefined;
  /** How many letters were dropped for which reason. */
  readonly reasons: ReadonlyMap<string, number>;
}

/**
 * The record that says what was done about letters. It is in the dead-letter topic itself, so that Kafka keeps it at least as long as
 * the letters, and deletes it with the topic.
 */
export function markOf(state: State, letters: readonly Letter[], reason?: string): Outgoing {
  const places: Record<number, number[]> = {};
  for (const { partition, offset } of letters) (places[partition] ??= []).push(offset);
  return {
    key: null,
    value: JSON.stringify(places),
    headers: {
      [HEADER]: state,
      "bookline-time": new Date().toISOString(),
      ...(reason === undefined ? {} : { "bookline-reason": reason }),
    },
  };
}

/** Whether a record of the dead-letter topic is a mark; otherwise it is a letter. */
export const isMark = ({ headers }: Incoming) => headers !== undefined && HEADER in headers;

/** No letter within the extent is marked. */
export function createMarks(extent: Extent): Marks {
  const empty = () =>
    new Map(extent.map(({ partition, low, high }) => [
      partition,
      { low, bits: new Uint8Array(Math.ceil(Math.max(0, high - low) / 8)) },
    ]));
  const bits = { replayed: empty(), dropped: empty() };
  const reasons = new Map<string, number>();

  const isMarked = (state: State, partition: number, offset: number): boolean => {
    const { low, bits: own } = bits[state].get(partition)!;
    return (own[(offset - low) >> 3] & (1 << ((offset - low) & 7))) !== 0;
  };
  /** Marks letters, and returns how many of them did not have this mark. */
  const mark = (state: State, partition: number, offsets: readonly number[]): number => {
    const own = bits[state].get(partition);
    // Older letters are deleted; newer ones came after the extent was read.
    const there = own
      ? offsets.filter((offset) => offset >= own.low && offset - own.low < own.bits.length * 8)
      : [];
    const fresh = there.filter((offset) => !isMarked(state, partition, offset));
    for (const offset of fresh) own!.bits[(offset - own!.low) >> 3] |= 1 << ((offset - own!.low) & 7);
    return fresh.length;
  };

  return {
    read({ headers = {}, value }) {
      const state = utf8(headers[HEADER]) as State;
      let count = 0;
      for (
        const [partition, offsets] of Object.entries(JSON.parse(utf8(value)) as Record<string, number[]>)
      ) {
        count += mark(state, Number(partition), offsets);
      }
      if (state === "dropped") {
        const given = utf8(headers["bookline-reason"]);
        const reason = reasons.has(given) || reasons.size < MOST_REASONS ? given : "other reasons";
        reasons.set(reason, (reasons.get(reason) ?? 0) + count);
      }
    },
    stateOf({ partition, offset }) {
      if (isMarked("dropped", partition, offset)) return "dropped";
      return isMarked("replayed", partition, offset) ? "replayed" : undefined;
    },
    reasons,
  };
}
