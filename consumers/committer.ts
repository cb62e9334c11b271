import type { Consumer } from "../shared/kafka/mod.ts";
import type { Log } from "../shared/log.ts";

type Offsets = Parameters<Consumer["commit"]>[0];

/** Commits offsets beside the writing of rows, which need not wait for it: a broker takes 5 ms for each. */
export interface Committer extends AsyncDisposable {
  /** The rows before these offsets are stored; `onCommitted` is called once the group has them. */
  add(offsets: Offsets, onCommitted: () => void): void;
}

/** One commit at a time, each of the newest offset per partition. Disposing commits the rest. */
export function createCommitter(consumer: Pick<Consumer, "commit">, log: Log): Committer {
  let waiting = new Map<number, Offsets[number]>();
  let callbacks: (() => void)[] = [];
  let running: Promise<void> | undefined;

  const run = async () => {
    while (waiting.size > 0) {
      const offsets = [...waiting.values()];
      const committed = callbacks;
      waiting = new Map();
      callbacks = [];
      try {
        await consumer.commit(offsets);
        for (const callback of committed) callback();
      } catch (error) {
        // The group has moved on; the rows are stored, and whoever reads them again changes nothing.
        log.debug("offsets not committed", { error });
      }
    }
    running = undefined;
  };
  return {
    add(offsets, onCommitted) {
      for (const offset of offsets) waiting.set(offset.partition, offset);
      callbacks.push(onCommitted);
      running ??= run();
    },
    async [Symbol.asyncDispose]() {
      await running;
    },
  };
}
