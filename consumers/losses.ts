import type { Batch, Break, Changed, StoredTo } from "../shared/kafka/mod.ts";
import { describe, type Log } from "../shared/log.ts";
import { retryForever, type RetryOptions } from "../shared/retry.ts";
import type { StreamMessage } from "../shared/stream.ts";
import { sleep } from "../shared/wait.ts";
import type { Decoder } from "./decode.ts";
import { createLossEnds, heardAt } from "./loss_ends.ts";
import type { Outcome } from "./outcome.ts";
import type { SinkLosses } from "./sink.ts";

/** How often the sink is told, in ms: a loss begins by so much too early where a consumer is killed. */
const EVERY_MS = 1_000;
/** How long the last time may take, in ms. */
const LAST_MS = 2_000;

/** Notices what Kafka lost before it was stored. What it tells the sink of a batch is there before the batch's rows are. */
export interface Losses {
  /** The group has been joined anew. */
  joined(): void;
  /** Is to be called before batches are stored. Where messages before the first of them may be missing, all earlier ones must be stored. */
  beforeStore(batches: readonly Batch[]): Promise<void>;
  stored(outcome: Pick<Outcome, "partition" | "times">): void;
  committed(outcome: Pick<Outcome, "partition" | "times">): void;
  /** Up to where a partition is stored, as far as is known. */
  storedTo(partition: number): StoredTo | undefined;
  /** Begins losses where logs were truncated or made anew; see `Subscription`. */
  otherLog(changed: readonly Changed[]): Promise<void>;
  /** Tells the sink up to where messages are committed. @throws if that can't be noted; it is told again */
  tell(): Promise<void>;
}

/** Keeps the newest event time of a symbol. */
export function noteTime(times: Record<string, number>, message: StreamMessage): void {
  const time = heardAt(message);
  if (time !== undefined && !(times[message.symbol!] >= time)) times[message.symbol!] = time;
}

const utf8 = new TextDecoder();

/** Of each partition, up to where it is stored. */
type Places = Map<number, Record<string, number>>;

function addTo(places: Places, partition: number, times: StoredTo): void {
  const known = places.get(partition) ?? {};
  places.set(partition, known);
  for (const [symbol, eventTime] of Object.entries(times)) noteTime(known, { symbol, eventTime });
}

/**
 * Knows of each symbol the last message that was stored. Where reading does not go on from what was committed, a loss begins there, for
 * each symbol of the partition; it ends at the symbol's first later message, whenever that is found.
 */
export function createLosses<M extends StreamMessage>(
  sink: SinkLosses,
  decoder: Pick<Decoder<M>, "read">,
  retry: RetryOptions,
): Losses {
  const ends = createLossEnds(decoder);
  let stored: Places | undefined;
  let loading = Promise.resolve();
  let generation = 0;
  let untold: Places = new Map();
  /** Of partitions that had no committed offset, what was stored before, until a message tells whether their log is a later one. */
  const undecided: Places = new Map();

  const load = async (own: number) => {
    await tell();
    const places: Places = new Map();
    for (const [partition, times] of await sink.storedTo()) addTo(places, partition, times);
    const open = await sink.open();
    if (own !== generation) return;
    ends.opened(open);
    stored = places;
    for (const [partition, known] of undecided) {
      // Another consumer has read on, and has decided.
      if (Object.entries(known).some(([symbol, time]) => (places.get(partition)?.[symbol] ?? 0) > time)) {
        undecided.delete(partition);
      }
    }
  };
  const tell = async () => {
    const told = untold;
    untold = new Map();
    try {
      for (const [partition, times] of told) await sink.noteStored(partition, times);
    } catch (error) {
      for (const [partition, times] of told) addTo(untold, partition, times);
      throw error;
    }
  };
  /**
   * Whether all messages of a partition from its beginning on come after a time without any: none of them was stored before. Undefined if
   * these don't tell, such as those of symbols that are new.
   */
  const isLater = ({ messages }: Batch, known: Record<string, number>): boolean | undefined => {
    for (const { key, value, damage } of messages) {
      if (key && !Object.hasOwn(known, utf8.decode(key))) continue; // the key of a message is its symbol
      const message: StreamMessage = (damage ? undefined : decoder.read(value)) ?? {};
      const [{ symbol = "" }, time] = [message, heardAt(message)];
      if (time !== undefined && Object.hasOwn(known, symbol)) return time > known[symbol];
    }
    return undefined;
  };
  /** Why a loss begins before a batch, and up to where the partition was stored before; undefined if none begins. */
  const lossBefore = (
    batch: Batch,
  ): { reason: Break; known: Record<string, number> | undefined } | undefined => {
    const { partition, afterBreak } = batch;
    if (afterBreak) undecided.delete(partition);
    if (afterBreak && afterBreak !== "no offset was committed") {
      return { reason: afterBreak, known: stored?.get(partition) };
    }
    if (afterBreak && stored?.has(partition)) undecided.set(partition, { ...stored.get(partition) });
    const known = undecided.get(partition);
    const isLost = known && isLater(batch, known);
    if (isLost !== undefined) undecided.delete(partition);
    return isLost ? { reason: "no offset was committed", known } : undefined;
  };

  return {
    joined() {
      const own = ++generation;
      stored = undefined;
      loading = retryForever(() => load(own), retry);
      loading.catch(() => {}); // it is waited for before anything is stored
    },
    async beforeStore(batches) {
      await loading;
      for (const batch of batches) {
        const loss = lossBefore(batch);
        if (!loss) continue;
        await retryForever(async () => {
          await sink.begin(batch.partition, loss.reason, loss.known);
          ends.opened(await sink.open());
        }, retry);
      }
      const found = ends.find(batches);
      if (!found) return;
      await retryForever(() => sink.end(found), retry);
      ends.ended(found);
    },
    stored({ partition, times }) {
      if (stored) addTo(stored, partition, times);
    },
    committed: ({ partition, times }) => addTo(untold, partition, times),
    storedTo(partition) {
      const times = stored?.get(partition);
      return times && { ...times };
    },
    otherLog: (changed) =>
      retryForever(async () => {
        await tell();
        for (const { partition, before } of changed) {
          undecided.delete(partition);
          await sink.begin(partition, "truncated or made anew", before);
        }
      }, retry),
    tell,
  };
}

/** Splits batches so that one before which messages may be missing is the first of its part. */
export function splitAtBreaks(batches: readonly Batch[]): Batch[][] {
  const parts: Batch[][] = [];
  for (const batch of batches) {
    if (batch.afterBreak || parts.length === 0) parts.push([batch]);
    else parts.at(-1)!.push(batch);
  }
  return parts;
}

/** Tells the sink once a second up to where messages are stored and committed, until it is disposed of, and then once more. */
export function tellStored({ tell }: Pick<Losses, "tell">, log: Log): AsyncDisposable {
  const done = new AbortController();
  const tryToTell = () =>
    tell().catch((error) =>
      log.debug("the sink can't note up to where messages are stored", { why: describe(error) })
    );
  const repeat = async () => {
    while (!done.signal.aborted) {
      await tryToTell();
      await sleep(EVERY_MS, done.signal);
    }
  };
  const told = repeat();
  return {
    async [Symbol.asyncDispose]() {
      done.abort();
      const settled = new AbortController();
      const last = told.then(tryToTell).finally(() => settled.abort());
      await Promise.race([last, sleep(LAST_MS, settled.signal)]);
    },
  };
}
