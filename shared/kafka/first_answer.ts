import { sleep } from "../wait.ts";

/**
 * Asks several for the same, one after another: the next one once the one before has failed, or has not answered for `ms`.
 *
 * @returns the first answer, whoever gives it
 * @throws the last one's error where all fail
 */
export async function firstAnswer<T>(asks: readonly (() => Promise<T>)[], ms: number): Promise<T> {
  const answers: Promise<T>[] = [];
  for (const ask of asks) {
    const answer = ask();
    answers.push(answer);
    const waited = new AbortController();
    const first = await Promise.race([
      Promise.any(answers).then((value) => ({ value }), () => undefined),
      new Promise<undefined>((resolve) => answer.catch(() => resolve(undefined))),
      sleep(ms, waited.signal),
    ]);
    waited.abort();
    if (first) return first.value;
  }
  return await Promise.any(answers).catch(({ errors }: AggregateError) => {
    throw errors.at(-1);
  });
}
