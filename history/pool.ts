/**
 * Does `work` with each item, up to `width` at a time, in order of their beginning, and returns the results in the items' order. No item is
 * begun once one has failed or the signal is aborted; what has begun is waited for.
 * @throws the first failure, or the signal's reason
 */
export async function pool<T, R>(
  items: readonly T[],
  width: number,
  signal: AbortSignal,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  let failure: { readonly error: unknown } | undefined;
  const run = async () => {
    for (const [n, item] of left) {
      if (failure || signal.aborted) return;
      try {
        results[n] = await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  if (failure) throw failure.error;
  signal.throwIfAborted();
  return results;
}
