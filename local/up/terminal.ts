import type { Row, Span } from "./rows.ts";

/** Where the user reads: a terminal, or a file or pipe. */
export interface Terminal {
  /** Whether it can be painted in place. */
  readonly isInteractive: boolean;
  /** Prints a line for good, above what is painted. */
  say(line: string): void;
  /** As `say`, set off from other lines. */
  shout(line: string): void;
  /** Paints rows in the place of those painted before; `rows` makes them for the size of the terminal. */
  paint(rows: (columns: number, rows: number) => Row[]): void;
  /** Leaves the picture on the screen, and continues below it. */
  keep(): void;
}

const styles: Record<NonNullable<Span["style"]>, string> = {
  bold: "1",
  dim: "2",
  alarm: "1;31",
  headline: "1;7",
};

type Output = Pick<typeof Deno.stdout, "isTerminal" | "writeSync">;

/** @param onGone called when the reader of the output has ended, as with `| head` */
export function createTerminal(output: Output, onGone: () => void, size = Deno.consoleSize): Terminal {
  const isInteractive = output.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const hasColours = isInteractive && !Deno.env.get("NO_COLOR");
  let painted: string[] = [];

  const write = (text: string) => {
    try {
      for (let bytes = new TextEncoder().encode(text); bytes.length > 0;) {
        bytes = bytes.subarray(output.writeSync(bytes));
      }
    } catch {
      onGone();
    }
  };
  const end = isInteractive ? "\x1b[K\n" : "\n"; // with what is left of an older line removed
  const styled = ({ text, style }: Span) =>
    style && hasColours ? `\x1b[${styles[style]}m${text}\x1b[0m` : text;
  // In one write, each line in the place of the old one: nothing flickers.
  // A terminal that has become smaller has moved rows out of sight, where the cursor can't go: going up further would overwrite others.
  const top = () => {
    if (painted.length === 0) return "";
    const up = Math.min(painted.length, size().rows - 1);
    return up > 0 ? `\x1b[${up}A\r` : "";
  };
  const body = () => painted.map((line) => line + end).join("");

  const say = (line: string) => write(top() + line.replaceAll("\n", end) + end + body());
  return {
    isInteractive,
    say,
    shout: (line) => say(hasColours ? `\x1b[1;7m ${line} \x1b[0m` : line),
    paint(rows) {
      const up = top();
      const { columns, rows: height } = size();
      painted = rows(columns, height).map((row) => row.map(styled).join(""));
      write(`${up}${body()}\x1b[J`);
    },
    keep() {
      painted = [];
    },
  };
}
