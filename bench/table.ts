import { type Measured, rounded } from "./statistics.ts";

/** Lines of a table: the first column to the left, the others to the right, under a heading. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join(
      "  ",
    );
  return [line(heading), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}

/** `123,000 (119,000 – 131,000)` */
export function spread(figure: Measured, digits = 3): string {
  const text = (value: number) => rounded(value, digits).toLocaleString("en", { maximumFractionDigits: 6 });
  return `${text(figure.median)} (${text(figure.least)} – ${text(figure.most)})`;
}
