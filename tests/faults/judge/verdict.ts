import type { Comparison } from "../../truth.ts";

/** What became of the messages that the exchange played. */
export interface Verdict {
  readonly sent: number;
  /** In the table as they were sent, or rightly replaced by a newer version. */
  readonly stored: number;
  /** Missing, and the gap ledger says so. */
  readonly inGaps: number;
  /** Missing, of a feed that was in no producer's SYMBOLS then. */
  readonly unwanted: number;
  /** Missing, though a producer says that it was received and acked. */
  readonly lost: number;
  /** Missing, and neither a producer nor the gap ledger says anything of it. */
  readonly untold: number;
  /** Rows too many of one message. */
  readonly doubled: number;
  /** Rows that differ from what was sent, or that were not sent. */
  readonly wrong: number;
  /** Gaps that are longer than what is missing explains. */
  readonly overclaimed: number;
  /** The first faults, in words. */
  readonly faults: readonly string[];
}

/** What must not be. */
export const faultCounts = ["lost", "untold", "doubled", "wrong", "overclaimed"] as const;

const MOST_FAULTS = 5;

type Count = Exclude<keyof Verdict, "faults">;
type Counts = Record<Count, number>;
type FaultCount = typeof faultCounts[number];

const nothing = (): Counts => ({
  ...{ sent: 0, stored: 0, inGaps: 0, unwanted: 0 },
  ...{ lost: 0, untold: 0, doubled: 0, wrong: 0, overclaimed: 0 },
});

/** Counts what a judge finds. */
export interface Tally {
  /** Counts a message; where that is a fault, the first few are kept in words. */
  add(count: Count, words?: string): void;
  readonly verdict: Verdict;
}

export function createTally(): Tally {
  const counts = nothing();
  const faults: string[] = [];
  return {
    add(count, words) {
      counts[count]++;
      const isFault = faultCounts.includes(count as FaultCount);
      if (isFault && faults.length < MOST_FAULTS) faults.push(`${count}: ${words}`);
    },
    get verdict() {
      return { ...counts, faults };
    },
  };
}

/** A comparison with the truth as a verdict: all that should be there is sent. `name`: of the stream. */
export function verdictOf(name: string, { expected, lost, doubled, wrong, samples }: Comparison): Verdict {
  return {
    ...nothing(),
    ...{ sent: expected, stored: expected - lost - wrong, lost, doubled, wrong },
    faults: samples.map((words) => `${name}: ${words}`),
  };
}

/** The faults of a verdict that are not 0. */
export function faultsIn(verdict: Verdict): Partial<Record<FaultCount, number>> {
  return Object.fromEntries(
    faultCounts.filter((count) => verdict[count] > 0).map((count) => [count, verdict[count]]),
  );
}

/** Several verdicts as one. */
export function sum(verdicts: readonly Verdict[]): Verdict {
  const total = nothing();
  for (const verdict of verdicts) {
    for (const count of Object.keys(total) as Count[]) total[count] += verdict[count];
  }
  return { ...total, faults: verdicts.flatMap(({ faults }) => faults).slice(0, MOST_FAULTS) };
}
