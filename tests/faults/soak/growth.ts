/** Bytes of memory of each worker, by its task, at even intervals. */
export type Samples = Map<string, number[]>;

/** A worker's memory, in bytes, once it had warmed up and at the end. */
export interface Memory {
  readonly task: string;
  readonly start: number;
  readonly end: number;
}

/** What counts as flat: an engine's heap breathes, a leak at thousands of messages a second does not stay below this. */
const MOST_GROWTH = 1.25;

/** Medians of the second fifth of the time, since the first is a heap's warming up, and of the last one. */
export function growthOf(samples: Samples): Memory[] {
  return [...samples].map(([task, bytes]) => {
    const fifth = Math.max(1, Math.floor(bytes.length / 5));
    return { task, start: median(bytes.slice(fifth, 2 * fifth)), end: median(bytes.slice(-fifth)) };
  });
}

/** Those that grew, in words. */
export function leaks(memory: readonly Memory[]): string[] {
  return memory.filter(({ start, end }) => !(end <= start * MOST_GROWTH)).map(({ task, start, end }) =>
    `the memory of ${task} grew from ${start} to ${end} bytes`
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
