/** Runs several pieces of work at the same time, and what follows each of them in the order of their start. */
export interface OrderedWork extends AsyncDisposable {
  /**
   * Starts `work`. `after` is called with its result when everything that was started earlier has ended. Returns as soon as another
   * piece of work may be started.
   * @throws {Error} what earlier work threw; no `after` of later work is called then
   */
  start<T>(work: () => Promise<T>, after: (result: T) => void): Promise<void>;
  /** Waits until all that was started has ended. @throws {Error} what it threw */
  idle(): Promise<void>;
}

/**
 * Runs at most `width` pieces of work at the same time. `onFailure` is called with the error of each that fails. Disposing waits until
 * all of them have ended.
 */
export function createOrderedWork(width: number, onFailure: (error: unknown) => void): OrderedWork {
  const underWay: Promise<void>[] = [];
  const follow = async <T>(
    earlier: Promise<void> | undefined,
    result: Promise<T>,
    after: (of: T) => void,
  ) => {
    // Both must have ended before the failure of either is reported.
    await Promise.allSettled([result, earlier]);
    await earlier;
    after(await result);
  };
  return {
    async start(work, after) {
      const mine = follow(underWay.at(-1), work(), after);
      mine.catch(onFailure);
      underWay.push(mine);
      if (underWay.length >= width) await underWay.shift();
    },
    async idle() {
      await underWay.at(-1);
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(underWay);
    },
  };
}
