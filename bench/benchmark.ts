/** What a benchmark found: as a table for people, and as a part of the one object that `--json` prints. */
export interface Result {
  readonly lines: string[];
  readonly json: Record<string, unknown>;
}

/** Shows a person how far the benchmark is. */
export type Progress = (line: string) => void;

/** What the command line asks for. */
export interface Options {
  /** How often each contender is measured. */
  readonly runs: number;
  /** How many messages are drained or produced in a run. */
  readonly messages: number;
  /** How many symbols an outage is of. */
  readonly symbols: number;
  /** Whether the PySpark job takes part. */
  readonly pyspark: boolean;
}
