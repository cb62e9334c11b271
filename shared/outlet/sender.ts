import { backoff, sleep } from "../wait.ts";
import type { Buffer } from "./buffer.ts";
import type { RenewableProducer } from "./renewable.ts";

/** What a sender tells. */
export interface SenderListener {
  /** So many entries are acked. */
  onAcked(count: number): void;
  /** Some were not acked. The sender goes on once the promise has settled. */
  onFailure(error: unknown): Promise<void>;
  /** After so many failures everything that was attempted is acked. */
  onRecovery(failures: number): void;
}

/**
 * Bytes of one send, as the buffer counts them: about 3,000 ticks, which is what a broker takes as one batch by default. Each send
 * waits for the one before. At a third of this size that wait, and not the CPU, limited a producer's speed.
 */
const SEND_BYTES = 1_500_000;
/** The longest pause between two attempts, in ms. */
const MOST_PAUSE_MS = 5_000;

/**
 * Sends what the buffer holds until it is closed and empty, or the signal is aborted. One send at a time keeps the messages of a key
 * in order. What arrives meanwhile goes with the next send: sends grow under load, and nothing waits when it is quiet.
 */
export async function sendAll(
  buffer: Buffer,
  producer: Pick<RenewableProducer, "trySend">,
  listener: SenderListener,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  /** Sends in a row of which nothing was acked. */
  let failedSends = 0;
  let released: Promise<void> | undefined;
  /** Has what could not be sent tried again after a pause. */
  const releaseLater = async () => {
    await sleep(backoff(failures++, 250, MOST_PAUSE_MS), signal);
    released = undefined;
    buffer.release();
  };
  for (;;) {
    const entries = await buffer.take(SEND_BYTES, signal);
    if (entries.length === 0) return;
    const unsent = await producer.trySend(entries);
    buffer.settle(unsent.map(({ message }) => message));
    if (unsent.length < entries.length) listener.onAcked(entries.length - unsent.length);
    if (unsent.length > 0) {
      await listener.onFailure(unsent[0].error);
      released ??= releaseLater();
      // The first failure may concern some keys only. Once nothing at all is acked, each send waits for the pause.
      failedSends = unsent.length === entries.length ? failedSends + 1 : 0;
      if (failedSends > 1) await released;
    } else {
      failedSends = 0;
      if (!buffer.isHolding && failures > 0) {
        listener.onRecovery(failures);
        failures = 0;
      }
    }
  }
}
