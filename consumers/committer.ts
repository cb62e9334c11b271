import type { Consumer } from "../shared/kafka/mod.ts";
import { describe, type Log } from "../shared/log.ts";
import { backoff, sleep } from "../shared/wait.ts";

type Offsets = Parameters<Consumer["commit"]>[0];

/** Commits offsets beside the writing of rows, which need not wait for it: a broker takes 5 ms for each. */
export interface Committer extends AsyncDisposable {
  /** The rows before these offsets are stored; `onCommitted` is called once the group has them. */
  add(offsets: Offsets, onCommitted: () => void): void;
}

/**
 * One commit at a time, each of the newest offset per partition; what fails is tried again. `generation` counts how often the
 * group was joined: offsets of before are others' to commit. Disposing commits the rest, in one attempt.
 */
export function createCommitter(
  consumer: Pick<Consumer, "commit">,
  generation: () => number,
  log: Log,
): Committer {
  const done = new AbortController();
  let waiting = new Map<number, Offsets[number]>();
  let callbacks: (() => void)[] = [];
  let joined = generation();
  let running: Promise<void> | undefined;

  const forgetOthers = () => {
    if (joined === generation()) return;
    joined = generation();
    waiting = new Map();
    callbacks = [];
  };
  const run = async () => {
    for (let failures = 0; waiting.size > 0; forgetOthers()) {
      const [offsets, onCommitted, isLast, mine] = [waiting, callbacks, done.signal.aborted, joined];
      waiting = new Map();
      callbacks = [];
      try {
        await consumer.commit([...offsets.values()]);
        for (const callback of onCommitted) callback();
        failures = 0;
      } catch (error) {
        if (isLast) break;
        const words = "offsets are not committed yet, though their rows are stored";
        // The first refusal is usual: the group is about to be joined anew.
        if (failures > 0) log.sparsely("commit", words, { why: describe(error) });
        await sleep(backoff(failures++, 250, 5_000), done.signal);
        if (mine !== joined) continue;
        waiting = new Map([...offsets, ...waiting]);
        callbacks.unshift(...onCommitted);
      }
    }
    running = undefined;
  };
  return {
    add(offsets, onCommitted) {
      forgetOthers();
      for (const offset of offsets) waiting.set(offset.partition, offset);
      callbacks.push(onCommitted);
      running ??= run();
    },
    async [Symbol.asyncDispose]() {
      done.abort();
      await running;
    },
  };
}
