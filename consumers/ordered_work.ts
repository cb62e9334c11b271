/** Work of which several parts are under way at once, and what follows each is done in their order. */
export interface OrderedWork extends AsyncDisposable {
  /**
   * Starts `work`; `after` is called with its result once all that was started earlier is through. Returns as soon as there is
   * room for more.
   * @throws {Error} what earlier work threw; nothing that follows it is done then
   */
  start<T>(work: () => Promise<T>, after: (result: T) => void): Promise<void>;
}

/**
 * Work of which `width` parts may be under way at once; `onFailure` is told of each that throws. Disposing of it waits for all of them, whatever
 * becomes of them.
 */
export function createOrderedWork(width: number, onFailure: (error: unknown) => void): OrderedWork {
  const underWay: Promise<void>[] = [];
  const follow = async <T>(
    earlier: Promise<void> | undefined,
    result: Promise<T>,
    after: (of: T) => void,
  ) => {
    // Both have ended, one way or the other, before either's failure is told.
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
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(underWay);
    },
  };
}
