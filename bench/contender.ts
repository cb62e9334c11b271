import { measured } from "./statistics.ts";
import { spread } from "./table.ts";

/** CPU time in s: of the process that is measured, and of the servers while it ran; absent if it was not measured. */
export type Cpu = Partial<Record<"worker" | "postgres" | "kafka", number>>;

/** What one run of a contender took, in s. */
export interface Run {
  readonly seconds: number;
  readonly cpu: Cpu;
}

/** The heading of a table of contenders that treat `what`. */
export function contenderHeading(name: string, what: string): string[] {
  return [name, `${what}/s`, "ratio", `CPU s per 100,000 ${what}: its own`, "Postgres", "Kafka"];
}

/** A contender's row: its rate, what it is compared with, and what limits it: the CPU time that it and the servers take. */
export function contenderRow(name: string, runs: readonly Run[], count: number, ratio = ""): string[] {
  const cpu = (of: keyof Cpu) => {
    const taken = runs.map((run) => run.cpu[of]).filter((seconds) => seconds !== undefined);
    return taken.length === 0 ? "" : (measured(taken).median * 100_000 / count).toFixed(2);
  };
  return [name, spread(measured(rates(runs, count))), ratio, cpu("worker"), cpu("postgres"), cpu("kafka")];
}

/** How many a second, run by run. */
export function rates(runs: readonly Run[], count: number): number[] {
  return runs.map(({ seconds }) => count / seconds);
}

/** How many times as fast as others some runs were, each compared with the run that took turns with it. */
export function timesAsFast(runs: readonly Run[], others: readonly Run[]): number[] {
  return runs.map(({ seconds }, turn) => others[turn].seconds / seconds);
}
