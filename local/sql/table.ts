/** A column of a result: its name, and whether its values are numbers. */
export interface Column {
  readonly name: string;
  readonly isNumber: boolean;
}

/** Lays out rows of texts below their columns' names; numbers stand at the right. Null is an empty cell. */
export function layOut(columns: readonly Column[], rows: readonly (string | null)[][]): string {
  const cells = rows.map((row) => row.map((value) => (value ?? "").replaceAll("\n", "↵")));
  const widths = columns.map(({ name }, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => columns[i].isNumber ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join("  ")
      .trimEnd();
  return [
    line(columns.map(({ name }) => name)),
    widths.map((width) => "─".repeat(width)).join("  "),
    ...cells.map(line),
  ].join("\n");
}
