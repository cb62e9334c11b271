import type { Kafka } from "../shared/kafka/mod.ts";
import { sleep } from "../shared/wait.ts";

/** Tells whether another producer fills the same topic. */
export interface Twin {
  /** Looks for so long as `WINDOW_MS`; false where it can't be known. */
  isAlive(): Promise<boolean>;
}

/** Messages that this producer has handed to Kafka, and of those the ones that are acked. */
export interface Own {
  readonly attempted: number;
  readonly acked: number;
}

const WINDOW_MS = 2_000;

/**
 * Another producer is alive when the topic grows by more than this one sends. What it missed itself it records itself, so
 * what it covers is no gap.
 */
export function createTwin(
  kafka: Pick<Kafka, "extentOf">,
  topic: string,
  own: () => Own,
  signal: AbortSignal,
): Twin {
  let running: Promise<boolean> | undefined;
  const end = async () => (await kafka.extentOf(topic)).reduce((sum, { high }) => sum + high, 0);
  const look = async () => {
    try {
      const { acked } = own();
      const before = await end();
      await sleep(WINDOW_MS, signal);
      const after = await end();
      // What was under way at first counts as sent since: it can only hide a twin, not invent one.
      return after - before > own().attempted - acked;
    } catch {
      return false;
    } finally {
      running = undefined;
    }
  };
  return { isAlive: () => running ??= look() };
}
