/** What became of the messages that the exchange played. */
export interface Verdict {
  readonly sent: number;
  /** In the table as they were sent, or rightly replaced by a newer version. */
  readonly stored: number;
  /** Missing, and the gap ledger says so. */
  readonly inGaps: number;
  /** Missing, and not in a gap. */
  readonly lost: number;
  /** Rows too many of one message. */
  readonly doubled: number;
  /** Rows that differ from what was sent, or that were not sent. */
  readonly wrong: number;
  /** Messages that are stored though the ledger says that they are missing. */
  readonly overclaimed: number;
  /** The first faults, in words. */
  readonly faults: readonly string[];
}

const MOST_FAULTS = 5;

type Count = Exclude<keyof Verdict, "faults">;
type Counts = Record<Count, number>;

const nothing = (): Counts => ({
  ...{ sent: 0, stored: 0, inGaps: 0, lost: 0, doubled: 0, wrong: 0, overclaimed: 0 },
});

/** Counts what a judge finds. */
export interface Tally {
  add(count: Count): void;
  /** Counts a fault and keeps the first few in words. */
  fault(count: "lost" | "doubled" | "wrong" | "overclaimed", words: string): void;
  readonly verdict: Verdict;
}

export function createTally(): Tally {
  const counts = nothing();
  const faults: string[] = [];
  return {
    add: (count) => void counts[count]++,
    fault(count, words) {
      counts[count]++;
      if (faults.length < MOST_FAULTS) faults.push(`${count}: ${words}`);
    },
    get verdict() {
      return { ...counts, faults };
    },
  };
}

/** Several verdicts as one. */
export function sum(verdicts: readonly Verdict[]): Verdict {
  const total = nothing();
  for (const verdict of verdicts) {
    for (const count of Object.keys(total) as Count[]) total[count] += verdict[count];
  }
  return { ...total, faults: verdicts.flatMap(({ faults }) => faults).slice(0, MOST_FAULTS) };
}
