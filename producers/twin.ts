import type { Kafka } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";
import { sleep } from "../shared/wait.ts";
import { timesByStream } from "./record_times.ts";
import { findSilence, type Outage, type Silence } from "./silence.ts";

/** How far the topic had come at some moment, and this producer. */
export interface Mark {
  readonly end: Promise<number>;
  readonly acked: number;
}

/** Tells what other producers of the same topic received while this one did not. */
export interface Twin {
  /** To be made when streams are lost. */
  mark(): Mark;
  /**
   * The part of an outage in which nobody received anything; all of it where there is no other producer, or it can't be
   * known. What was lost since is on the topic after the mark.
   */
  silenceIn(outage: Outage, since: Mark): Promise<Silence | undefined>;
}

/** Messages that this producer has handed to Kafka, and of those the ones that are acked. */
export interface Own {
  readonly attempted: number;
  readonly acked: number;
}

/** What others received until an outage's end is on the topic so long after it, in ms. */
const LANDING_MS = 2_000;
/** Messages of each partition that are read: what two producers send of a fast market in three seconds. */
const MOST = 20_000;

/**
 * There is another producer when the topic has grown by more than this one sent. What it had is read from the topic's end. What
 * it missed itself it records itself.
 */
export function createTwin<M extends { symbol: string; eventTime: number }>(
  kafka: Pick<Kafka, "extentOf" | "readTail">,
  topic: string,
  stream: Pick<Stream<M>, "codec" | "exchange">,
  own: () => Own,
  signal: AbortSignal,
): Twin {
  const end = async () => (await kafka.extentOf(topic)).reduce((sum, { high }) => sum + high, 0);

  let reading: Promise<unknown> = Promise.resolve();
  let next: Promise<Silence["times"]> | undefined;
  /** Reads the topic's end. Who asks while it is being read shares the next time. */
  const read = () => {
    next ??= reading.catch(() => {}).then(async () => {
      next = undefined;
      return timesByStream(stream, await kafka.readTail(topic, await kafka.extentOf(topic), MOST));
    });
    reading = next;
    return next;
  };

  return {
    mark: () => ({ end: end().catch(() => Infinity), acked: own().acked }),
    async silenceIn(outage, since) {
      const whole = { from: outage.from, to: outage.to, times: new Map() };
      try {
        await sleep(LANDING_MS, signal);
        const growth = await end() - await since.end;
        // What was under way at the mark counts as sent since: it can only hide a twin, not invent one.
        if (growth <= own().attempted - since.acked) return whole;
        return findSilence(outage, await read());
      } catch {
        return whole;
      }
    },
  };
}
