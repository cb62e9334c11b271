import type { Kafka } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";
import { sleep } from "../shared/wait.ts";
import { timesByStream } from "./record_times.ts";
import { findSilence, type Outage, type Silence } from "./silence.ts";

/** How far the topic had come at some moment, and this producer. */
export interface Mark {
  /** In ms, as `performance.now()` tells. */
  readonly at: number;
  readonly end: Promise<number>;
  readonly settled: number;
}

/** Tells what other producers of the same topic received while this one did not. */
export interface Twin {
  /** To be made when streams are lost. */
  mark(): Mark;
  /**
   * The part of an outage in which nobody received anything; all of it where there is no other producer, or Kafka can't be
   * asked. What was lost since is on the topic after the mark.
   */
  silenceIn(outage: Outage, since: Mark): Promise<Silence | undefined>;
  /** So many messages are handed to Kafka; told at each attempt. */
  sending(count: number): void;
  /** All that was handed to Kafka is acked, at the last attempt or at one that seemed to fail. */
  sent(): void;
}

/** What others received until an outage's end is on the topic so long after it, in ms. */
const LANDING_MS = 2_000;
/** Messages of each partition that are read: what two producers send of a fast market in three seconds. */
const MOST = 20_000;
/** As many are enough for who is alone: it may be that a twin received something until it was lost as well. */
const MOST_ALONE = 2_000;

/**
 * There is another producer when the topic has grown by more than this one sent. What it had is read from the topic's end. What
 * it missed itself it records itself.
 */
export function createTwin<M extends { symbol: string; eventTime: number }>(
  kafka: Pick<Kafka, "extentOf" | "readTail">,
  topic: string,
  stream: Pick<Stream<M>, "codec" | "exchange">,
  signal: AbortSignal,
): Twin {
  const end = async () => (await kafka.extentOf(topic)).reduce((sum, { high }) => sum + high, 0);

  let attempted = 0;
  let settled = 0;
  const newest = async (most: number) =>
    timesByStream(stream, await kafka.readTail(topic, await kafka.extentOf(topic), most));

  let reading: Promise<unknown> = Promise.resolve();
  let next: Promise<Silence["times"]> | undefined;
  /** Reads the topic's end. Who asks while it is being read shares the next time. */
  const read = () => {
    next ??= reading.catch(() => {}).then(async () => {
      next = undefined;
      return await newest(MOST);
    });
    reading = next;
    return next;
  };

  return {
    mark() {
      const at = performance.now();
      // Where Kafka is away, too, the topic may have grown by any number meanwhile: what it holds will tell.
      const isLate = () => performance.now() - at > LANDING_MS;
      return { at, end: end().then((there) => isLate() ? -Infinity : there, () => -Infinity), settled };
    },
    async silenceIn(outage, since) {
      const whole = { from: outage.from, to: outage.to, times: new Map() };
      const landed = (moment: number) => sleep(LANDING_MS - (performance.now() - moment), signal);
      const isOver = performance.now();
      try {
        await landed(since.at);
        const growth = await end() - await since.end;
        // What was under way at the mark counts as sent since: it can only hide a twin, not invent one.
        const isAlone = growth <= attempted - since.settled;
        // Who is alone waits for nobody, and tells at once: a kill would take the gap with it.
        if (isAlone) return findSilence(outage, await newest(MOST_ALONE)) ?? whole;
        await landed(isOver);
        return findSilence(outage, await read());
      } catch {
        return whole;
      }
    },
    sending: (count) => void (attempted += count),
    sent: () => void (settled = attempted),
  };
}
