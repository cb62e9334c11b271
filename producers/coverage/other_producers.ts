import type { Kafka } from "../../shared/kafka/mod.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import { messagesOf, timesByStream } from "./record_times.ts";
import { findSilence, type Outage, type Silence } from "./silence.ts";

/** How far the topic had come at some moment, and this producer. */
export interface Mark {
  /** In ms, as `performance.now()` tells. */
  readonly at: number;
  /** Undefined where it could not be told then. */
  readonly end: Promise<number | undefined>;
  /** Messages that Kafka had acked, with those of attempts that seemed to fail. */
  readonly settled: number;
}

/** Tells what other producers of the same topic received while this one did not. */
export interface OtherProducers {
  /** To be made when streams are lost. */
  mark(): Mark;
  /**
   * The part of an outage in which nobody received anything; all of it where there is no other producer, or Kafka can't be
   * asked. What was lost since is on the topic after the mark.
   */
  silenceIn(outage: Outage, since: Mark): Promise<Silence | undefined>;
  /** So many messages are handed to Kafka; told at each attempt. */
  sending(count: number): void;
  /** All that was handed to Kafka is acked. */
  sent(): void;
}

/** What others received until an outage's end is on the topic so long after it, in ms. */
const LANDING_MS = 2_000;
/** Where nobody seems to be there it is enough to wait so long: a kill would take the gap with it. */
const ALONE_MS = 500;
/** Messages of each partition that are read: what two producers send of a fast market in three seconds. */
const MOST = 20_000;
/** As many tell who is alone that nobody was there until a moment ago. */
const MOST_ALONE = 2_000;

/**
 * There is another producer when the topic has grown by more than this one sent. What it had is read from the topic's end. What
 * it missed itself it records itself.
 */
export function createOtherProducers<M extends ExchangeMessage>(
  kafka: Pick<Kafka, "extentOf" | "readTail">,
  topic: string,
  stream: Pick<Stream<M>, "message" | "feed">,
  signal: AbortSignal,
): OtherProducers {
  let attempted = 0;
  let settled = 0;
  const endNow = async () => (await kafka.extentOf(topic)).reduce((sum, { high }) => sum + high, 0);
  const newest = async (most: number) => {
    const records = await kafka.readTail(topic, await kafka.extentOf(topic), most, signal);
    return timesByStream(stream, messagesOf(stream, records));
  };

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
      // Where Kafka is away, too, the topic may grow by any number before it answers.
      const isLate = () => performance.now() - at > LANDING_MS;
      return { at, end: endNow().then((end) => isLate() ? undefined : end, () => undefined), settled };
    },
    async silenceIn(outage, since) {
      const whole = { from: outage.from, to: outage.to, times: new Map() };
      const past = (moment: number, ms: number) => sleep(ms - (performance.now() - moment), signal);
      const isOver = performance.now();
      try {
        await past(since.at, LANDING_MS);
        const [before, now] = [await since.end, await endNow()];
        // What was under way at the mark counts as sent since: that invents no other producer, but may hide one, as a slow answer may.
        if (before !== undefined && now - before <= attempted - since.settled) {
          await past(isOver, ALONE_MS);
          if (!hasReceived(outage, await newest(MOST_ALONE))) return whole;
        }
        await past(isOver, LANDING_MS);
        return findSilence(outage, await read());
      } catch {
        return whole;
      }
    },
    sending: (count) => void (attempted += count),
    sent: () => void (settled = attempted),
  };
}

/** Of two streams the exchange's times may differ by so much as they come back, in ms. */
const SKEW_MS = 100;

/** Whether somebody received something of the outage; what came right before its end may be our own. */
function hasReceived({ streams, from, to }: Outage, times: Silence["times"]): boolean {
  return streams.some((stream) => times.get(stream)?.some((time) => from < time && time < to - SKEW_MS));
}
