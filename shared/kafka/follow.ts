import type kafkajs from "kafkajs";
import type { Log } from "../log.ts";
import { retryForever } from "../retry.ts";
import { kafkaFaultLasts } from "./client.ts";
import { createFetcher, isOutOfRange } from "./fetcher.ts";
import type { Incoming } from "./incoming.ts";
import { goOn, type Lost, type Offsets } from "./position.ts";
import { PARTITION_BYTES } from "./portion.ts";
import { type Doubts, readSet } from "./record_set.ts";

/** Some messages of a partition, in order. */
export interface Followed {
  readonly partition: number;
  readonly messages: readonly Incoming[];
  /** What Kafka deleted before it was read; there are no messages then. */
  readonly lost?: Lost;
}

/** What `follow` needs to be told. */
export interface Following {
  readonly topic: string;
  /** Where to begin. Of given offsets, the partitions that they name are read; else all, with those that are added later. */
  readonly from: "beginning" | "end" | Offsets;
  /** Where to end: of each partition the offset after the last message that is wanted. Others are not read. */
  readonly to?: Offsets;
  readonly signal: AbortSignal;
  /** The log's words for a failure. */
  readonly explain: (error: unknown) => string;
}

/** How long a broker holds a fetch when nothing has come before, in ms. */
const IDLE_MS = 500;

/**
 * Reads a topic without a consumer group, each partition in its order. No more is fetched before what was read is taken. What fails is
 * tried again. A partition that is made anew or truncated is read from its beginning; if it has more messages by then than were read
 * before, that is not noticed.
 * @throws the signal's reason once that is aborted, whatever is left to be read
 * @throws what Kafka refuses until a person acts
 * @throws {Error} if a partition ends before its offset in `to`
 */
export async function* follow(
  client: kafkajs.Kafka,
  { topic, from, to, signal, explain }: Following,
  log: Log,
): AsyncGenerator<Followed> {
  const fetcher = createFetcher(client, topic);
  /** Of each partition that is read: the offset of the next message. */
  const next = new Map(typeof from === "string" ? [] : from);
  const endOf = (partition: number) => to ? to.get(partition) ?? 0 : Infinity;
  const doubts = new Map<number, Doubts>();
  let waitMs = 0;
  let failure: Error | undefined;

  /** Learns of partitions; those that are not there at the beginning are read from their first message on. */
  const learn = async (isBeginning: boolean) => {
    const fresh = (await fetcher.partitions()).filter((partition) => !next.has(partition));
    if (fresh.length === 0) return;
    for (const { partition, low, high } of await fetcher.extentOf(fresh)) {
      next.set(partition, isBeginning && from === "end" ? high : low);
    }
  };
  /** Moves places to where there is something to read; returns what is lost, or undefined where all stay. */
  const move = async (partitions: readonly number[]): Promise<Followed[] | undefined> => {
    const lost: Followed[] = [];
    let isMoved = false;
    for (const reach of await fetcher.extentOf(partitions)) {
      const { partition, high } = reach;
      if (to && high < endOf(partition)) failure = endsEarly(topic, partition, endOf(partition), high);
      const before = next.get(partition)!;
      const place = goOn(reach, before);
      if (place.next === before) continue;
      isMoved = true;
      next.set(partition, place.next);
      if (place.lost) lost.push({ partition, messages: [], lost: place.lost });
      else log.warn(REREAD, { topic, partition });
    }
    return isMoved || failure ? lost : undefined;
  };
  const fetch = async (places: Offsets) => {
    try {
      const fetched = await fetcher.fetch(places, { waitMs, bytes: PARTITION_BYTES });
      // A partition that ends before what is wanted is not waited for.
      const short = fetched.filter(({ messages, partition, highWatermark }) =>
        to && messages.length === 0 && Number(highWatermark) < endOf(partition)
      );
      const lost = short.length > 0 ? await move(short.map(({ partition }) => partition)) : [];
      return { fetched, lost: lost ?? [] };
    } catch (error) {
      const lost = isOutOfRange(error) ? await move([...places.keys()]) : undefined;
      // A broker that leads no longer may not have what the leader has.
      if (!lost) throw error;
      return { fetched: [], lost };
    }
  };
  const retry = { ...{ signal, log, explain, kind: "kafka" as const }, passing };
  const attempt = <T>(work: () => Promise<T>) => orAborted(retryForever(work, retry), signal);

  try {
    if (typeof from === "string") await attempt(() => learn(true));
    for (;;) {
      const open = new Map([...next].filter(([partition, at]) => at < endOf(partition)));
      if (open.size === 0) return;
      const { fetched, lost } = await attempt(() => fetch(open));
      yield* lost;
      if (failure) throw failure;
      waitMs = IDLE_MS;
      for (const { partition, messages } of fetched) {
        const own = doubts.get(partition) ?? {};
        doubts.set(partition, own);
        for (const set of messages) {
          for await (const portion of readSet(set, next.get(partition)!, own)) {
            waitMs = 0;
            next.set(partition, portion.nextOffset);
            const wanted = portion.messages.filter(({ offset }) => Number(offset) < endOf(partition));
            if (wanted.length > 0) yield { partition, messages: wanted };
            signal.throwIfAborted();
          }
        }
      }
      if (typeof from === "string") await attempt(() => learn(false));
    }
  } finally {
    const closed = fetcher.close();
    // Who is told to stop does not wait for a broker that is frozen.
    if (signal.aborted) closed.catch(() => {});
    else await closed;
  }
}

const passing = (error: unknown) => !kafkaFaultLasts(error);

const REREAD = "a topic was truncated or made anew: it is read from its beginning";

const endsEarly = (topic: string, partition: number, wanted: number, high: number) =>
  new Error(
    `Cannot read ${topic}, partition ${partition}, up to offset ${wanted} as it ends at ${high}: it was truncated or made anew`,
  );

/** Waits for a promise. @throws the signal's reason once that is aborted */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", stop));
}
