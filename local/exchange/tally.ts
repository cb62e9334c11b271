/** Counts things by name. */
export interface Tally<Name extends string = string> {
  add(name: Name): void;
  /** The counts, with names put together by what `group` makes of them. */
  counts(group?: (name: Name) => string): Record<string, number>;
}

export function createTally<Name extends string = string>(): Tally<Name> {
  const counts = new Map<Name, number>();
  return {
    add: (name) => void counts.set(name, (counts.get(name) ?? 0) + 1),
    counts(group = (name) => name) {
      const sums: Record<string, number> = {};
      for (const [name, count] of counts) sums[group(name)] = (sums[group(name)] ?? 0) + count;
      return sums;
    },
  };
}
