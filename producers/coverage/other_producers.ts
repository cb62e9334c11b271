import type { Kafka } from "../../shared/kafka/mod.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import { messagesOf, timesByStream } from "./record_times.ts";
import { findSilence, type Outage, type Silence } from "./silence.ts";

/** The state of the topic and of this producer at one moment. */
export interface Mark {
  /** In ms, as `performance.now()` tells. */
  readonly at: number;
  /** The number of records in the topic; undefined if it could not be read in time. */
  readonly end: Promise<number | undefined>;
  /** Messages that Kafka had acked, including those of attempts that seemed to fail. */
  readonly settled: number;
}

/** Tells what other producers of the same topic received while this one did not. */
export interface OtherProducers {
  /** Call it when feeds are lost. */
  mark(): Mark;
  /**
   * The part of an outage in which nobody received anything. It is the whole outage if there is no other producer, or if Kafka can't be
   * asked. What others received since the loss is on the topic after the mark.
   */
  silenceIn(outage: Outage, since: Mark): Promise<Silence | undefined>;
  /** So many messages are handed to Kafka; told at each attempt. */
  sending(count: number): void;
  /** All that was handed to Kafka is acked. */
  sent(): void;
}

/** After this time, what others received until the end of an outage is on the topic. In ms. */
const LANDING_MS = 2_000;
/** The wait if there seems to be no other producer, in ms. It is short, as the gap is not recorded if the process is killed before. */
const ALONE_MS = 500;
/** Messages of each partition that are read: what two producers send of a fast market in three seconds. */
const MOST = 20_000;
/** Messages of each partition that are read to confirm that there was no other producer. */
const MOST_ALONE = 2_000;

/**
 * There is another producer if the topic has grown by more than this one sent. What the other received is read from the topic's end. Each
 * producer records what it missed itself.
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
  /** Reads the topic's end. All calls during one read share the next one. */
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
      // If Kafka is away, too, the topic may grow by any number before it answers.
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
        // Messages under way at the mark count as sent later. That may hide another producer, but never invents one.
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

/** The exchange's times of two feeds may differ by so much when they come back, in ms. */
const SKEW_MS = 100;

/** Whether somebody received something of the outage. What came right before its end may be our own. */
function hasReceived({ streams, from, to }: Outage, times: Silence["times"]): boolean {
  return streams.some((stream) => times.get(stream)?.some((time) => from < time && time < to - SKEW_MS));
}
