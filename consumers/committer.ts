import type { Consumer } from "../shared/kafka/mod.ts";
import { describe, type Log } from "../shared/log.ts";
import { backoff, sleep } from "../shared/wait.ts";

type Offsets = Parameters<Consumer["commit"]>[0];

/** Commits offsets while further rows are written: a broker takes 5 ms for each commit. */
export interface Committer extends AsyncDisposable {
  /** Adds offsets before which all rows are stored, `messages` of them. `onCommitted` is called when the broker has the offsets. */
  add(offsets: Offsets, messages: number, onCommitted: () => void): void;
  /** Whether too many messages are stored and not committed. */
  readonly isFull: boolean;
  /** Waits while it is full, unless the signal is aborted. */
  room(signal: AbortSignal): Promise<void>;
}

/** At least 24 bytes are kept for each. */
const MOST_MESSAGES = 1_000_000;
const LOOK_MS = 100;
/** How long the last commit may take when the worker stops, in ms. What it does not commit is read again by the next consumer. */
const LAST_MS = 3_000;

/** The offsets of the next commit. */
interface Waiting {
  /** The newest offset of each partition. */
  readonly offsets: Map<number, Offsets[number]>;
  readonly callbacks: (() => void)[];
  messages: number;
}

/**
 * Runs one commit at a time, each of the newest offset per partition, and retries one that fails. `generation` counts how often the
 * group was joined: offsets of an earlier generation are dropped, since other consumers may have the partitions. Disposing makes one
 * more attempt, of a few seconds, to commit the rest.
 */
export function createCommitter(
  consumer: Pick<Consumer, "commit">,
  generation: () => number,
  log: Log,
): Committer {
  const done = new AbortController();
  const nothing = (): Waiting => ({ offsets: new Map(), callbacks: [], messages: 0 });
  let waiting = nothing();
  let attempt = nothing();
  let joined = generation();
  let running: Promise<void> | undefined;

  const forgetOlder = () => {
    if (joined === generation()) return;
    joined = generation();
    waiting = nothing();
  };
  const run = async () => {
    for (let failures = 0; waiting.offsets.size > 0; forgetOlder()) {
      const [mine, isLast] = [joined, done.signal.aborted];
      attempt = waiting;
      waiting = nothing();
      try {
        await consumer.commit([...attempt.offsets.values()]);
        for (const callback of attempt.callbacks) callback();
        attempt = nothing();
        failures = 0;
      } catch (error) {
        if (isLast) break;
        const words = "offsets are not committed yet, though their rows are stored";
        // One refusal is usual: the group is about to be joined again.
        if (failures > 0) log.sparsely("commit", words, { why: describe(error) });
        await sleep(backoff(failures++, 250, 5_000), done.signal);
        if (mine === joined) {
          waiting = {
            offsets: new Map([...attempt.offsets, ...waiting.offsets]),
            callbacks: [...attempt.callbacks, ...waiting.callbacks],
            messages: attempt.messages + waiting.messages,
          };
        }
        attempt = nothing();
      }
    }
    running = undefined;
  };
  const isFull = () => attempt.messages + waiting.messages > MOST_MESSAGES;
  return {
    add(offsets, messages, onCommitted) {
      forgetOlder();
      for (const offset of offsets) waiting.offsets.set(offset.partition, offset);
      waiting.callbacks.push(onCommitted);
      waiting.messages += messages;
      running ??= run();
    },
    get isFull() {
      return isFull();
    },
    async room(signal) {
      const isOver = AbortSignal.any([signal, done.signal]);
      while (isFull() && !isOver.aborted) await sleep(LOOK_MS, isOver);
    },
    async [Symbol.asyncDispose]() {
      done.abort();
      if (!running) return;
      const settled = new AbortController();
      await Promise.race([running, sleep(LAST_MS, settled.signal)]);
      settled.abort();
    },
  };
}
