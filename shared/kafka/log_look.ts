import { sleep } from "../wait.ts";
import { type Fetcher, isOutOfRange } from "./fetcher.ts";
import type { Incoming } from "./incoming.ts";
import { isOtherLog, type Mark, markOf } from "./mark.ts";
import { readSet } from "./record_set.ts";

/** Before a log that seems to be another one is looked at again, in ms. */
const AGAIN_MS = 500;

/** Another log than when the mark was made, as it seems. */
export interface OtherLog {
  /** The offset of its first message. */
  readonly beginning: number;
  /** It ends before the mark. A leader that was elected just now may not show yet what was read, so that this says little at first. */
  readonly isShort: boolean;
}

/**
 * Looks whether a partition's log is another one than when the mark was made. A broker that leads no longer may know less than the leader,
 * so that a difference counts once a second look sees it, which asks anew who leads. Where the message's batch can't be read at either look
 * nothing can be said: it is taken for damaged since.
 * @param open makes a fetcher with connections of its own
 * @returns undefined if it is the same log
 * @throws what Kafka answers where the log can't be looked at
 */
export async function findOtherLog(
  open: () => Fetcher,
  partition: number,
  mark: Mark,
  fetcher: Fetcher,
): Promise<OtherLog | undefined> {
  if (await look(fetcher, partition, mark) === undefined) return undefined;
  await sleep(AGAIN_MS);
  const another = open();
  try {
    const found = await look(another, partition, mark);
    return found === "damaged" ? undefined : found;
  } finally {
    await another.close();
  }
}

/** Looks once. @returns undefined if it is the same log for all that is seen */
export async function look(
  fetcher: Fetcher,
  partition: number,
  mark: Mark,
): Promise<OtherLog | "damaged" | undefined> {
  const message = await messageAt(fetcher, partition, mark.offset);
  if (message === "damaged") return message;
  const found = message && markOf(message).checksum;
  if (found === mark.checksum) return undefined;
  const [reach] = await fetcher.extentOf([partition]);
  if (!isOtherLog(mark, reach, found)) return undefined;
  return { beginning: reach.low, isShort: found === undefined && reach.high <= mark.offset };
}

/** The message at an offset, if there is one and its batch can be read. */
async function messageAt(
  fetcher: Fetcher,
  partition: number,
  offset: number,
): Promise<Incoming | "damaged" | undefined> {
  // A broker sends one batch whole, however large it is.
  const limits = { waitMs: 0, bytes: 1 };
  const fetched = await fetcher.fetch(new Map([[partition, offset]]), limits).catch((error) => {
    if (isOutOfRange(error)) return [];
    throw error;
  });
  for (const set of fetched.flatMap(({ messages }) => messages)) {
    for await (const { messages: [first] } of readSet(set, offset, {})) {
      return first && Number(first.offset) === offset ? first : undefined;
    }
    return "damaged";
  }
  return undefined;
}
