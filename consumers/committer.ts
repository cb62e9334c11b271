import type { Consumer } from "../shared/kafka/mod.ts";
import { describe, type Log } from "../shared/log.ts";
import { backoff, sleep } from "../shared/wait.ts";

type Offsets = Parameters<Consumer["commit"]>[0];

/** Commits offsets beside the writing of rows, which need not wait for it: a broker takes 5 ms for each. */
export interface Committer extends AsyncDisposable {
  /** The rows before these offsets are stored, `messages` of them; `onCommitted` is called once the group has them. */
  add(offsets: Offsets, messages: number, onCommitted: () => void): void;
  /** Too many messages are stored and not committed. */
  readonly isFull: boolean;
  /** Waits while it is full, unless the signal is aborted. */
  room(signal: AbortSignal): Promise<void>;
}

/** What is kept of each is 24 bytes and more. */
const MOST_MESSAGES = 1_000_000;
const LOOK_MS = 100;
/** What has not been committed by then, once the worker is told to stop, is read again by who comes next. */
const LAST_MS = 3_000;

/** What is stored, for the next commit. */
interface Waiting {
  /** The newest of each partition. */
  readonly offsets: Map<number, Offsets[number]>;
  readonly callbacks: (() => void)[];
  messages: number;
}

/**
 * One commit at a time, each of the newest offset per partition; what fails is tried again. `generation` counts how often the
 * group was joined: offsets of before are others' to commit. Disposing commits the rest, in one more attempt of a few seconds.
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

  const forgetOthers = () => {
    if (joined === generation()) return;
    joined = generation();
    waiting = nothing();
  };
  const run = async () => {
    for (let failures = 0; waiting.offsets.size > 0; forgetOthers()) {
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
        // The first refusal is usual: the group is about to be joined anew.
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
      forgetOthers();
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
