/** How often a line is printed if the output is not a terminal, and how often one is painted anew on a terminal, in ms. */
const TELL_MS = { file: 10_000, terminal: 200 };
const BAR_WIDTH = 24;
/** The rate is that of about the last so many ms. */
const RATE_MS = 10_000;

/** Shows how far an import is. */
export interface Progress {
  /** A file, or another of what is counted, has begun; `read` is told of what is read of it. */
  begin(): { read(rows: number, share: number): void; end(isImported: boolean): void };
  /** Prints a line for good. */
  say(line: string): void;
  close(): void;
}

/** The state of an import. */
export interface State {
  /** What is counted: `files`. */
  readonly unit: string;
  readonly total: number;
  /** Those that are done, and shares of those that have begun. */
  readonly done: number;
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly elapsedMs: number;
}

/** The state in one line: `[######      ] 3 of 12 files, 1,200,000 rows, 88,000 rows/s, 2 min left`. */
export function renderState({ unit, total, done, rows, rowsPerSecond, elapsedMs }: State): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const bar = "#".repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH);
  const left = share > 0 ? `${renderTime(elapsedMs * (1 - share) / share)} left` : "";
  const number = (value: number) => Math.round(value).toLocaleString("en");
  return [
    `[${bar}] ${Math.floor(done)} of ${total} ${unit}`,
    `${number(rows)} rows`,
    `${number(rowsPerSecond)} rows/s`,
    ...left ? [left] : [],
  ].join(", ");
}

/** `8 s`, `2 min 5 s`, `3 h 7 min`. */
export function renderTime(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Shows the state on standard error: painted in place on a terminal, else a line every few seconds.
 * @param quietMs what ends sooner is not shown
 */
export function createProgress(total: number, unit = "files", quietMs = 0): Progress {
  const isTerminal = Deno.stderr.isTerminal();
  const startedAt = performance.now();
  const shares = new Set<{ share: number }>();
  let done = 0;
  let rows = 0;
  let former = { at: startedAt, rows: 0 };
  let rate = 0;

  const state = (): State => {
    const now = performance.now();
    const elapsed = now - former.at;
    if (elapsed >= RATE_MS || former.at === startedAt) {
      rate = elapsed > 0 ? 1_000 * (rows - former.rows) / elapsed : 0;
    }
    if (elapsed >= RATE_MS) former = { at: now, rows };
    const partly = [...shares].reduce((sum, { share }) => sum + share, 0);
    return { unit, total, done: done + partly, rows, rowsPerSecond: rate, elapsedMs: now - startedAt };
  };
  const write = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text));
  const isQuiet = () => performance.now() - startedAt < quietMs;
  const show = () => {
    if (!isQuiet()) write(isTerminal ? `\r${renderState(state())}\x1b[K` : `${renderState(state())}\n`);
  };
  const timer = setInterval(show, isTerminal ? TELL_MS.terminal : TELL_MS.file);
  return {
    begin() {
      const file = { share: 0 };
      shares.add(file);
      return {
        read(more, share) {
          rows += more;
          file.share = Math.min(1, share);
        },
        end(isImported) {
          shares.delete(file);
          if (isImported) done++;
        },
      };
    },
    say: (line) => write(isTerminal ? `\r${line}\x1b[K\n` : `${line}\n`),
    close() {
      clearInterval(timer);
      show();
      if (isTerminal && !isQuiet()) write("\n");
    },
  };
}
