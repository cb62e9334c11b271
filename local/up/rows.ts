/** A piece of a row, as plain text. */
export interface Span {
  readonly text: string;
  readonly style?: "bold" | "dim" | "alarm" | "headline";
}

/** A row of the screen. */
export type Row = readonly Span[];

/** Letters that terminals show two columns wide: 币安人生USDT is a symbol. Unicode: East Asian Width, W and F. */
const wideLetters =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/gu;

/** How many columns a text takes up. */
export function widthOf(text: string): number {
  return text.length + (text.match(wideLetters)?.length ?? 0);
}

/** Cuts a row off at the terminal's edge, past which it would be two. */
export function clip(row: Row, columns: number): Row {
  let room = columns;
  return row.map(({ text, style }) => {
    let cut = "";
    for (const letter of text) {
      room -= widthOf(letter);
      if (room >= 0) cut += letter;
    }
    return { text: cut, style };
  });
}

/** Breaks a text into lines of so many columns, between words where that is possible. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  let width = 0;
  const end = () => {
    lines.push(line);
    line = "";
    width = 0;
  };
  for (const word of text.match(/\s*\S+/g) ?? []) {
    if (width > 0 && width + widthOf(word) > columns) end();
    for (const letter of width === 0 && lines.length > 0 ? word.trimStart() : word) {
      if (width > 0 && width + widthOf(letter) > columns) end();
      line += letter;
      width += widthOf(letter);
    }
  }
  end();
  return lines;
}

/** A part of the screen. */
export interface Part {
  /** Where there is no room for all parts, the one with the lowest rank goes first. */
  readonly rank: number;
  /** The part in so many rows at most; none if it makes no sense in so few. */
  readonly rows: (most: number) => readonly Row[];
}

/**
 * Puts parts below each other into so many rows: those of a high rank get their rows first. What is left becomes blank rows between
 * the parts, from the first one on.
 */
export function stack(parts: readonly Part[], height: number): Row[] {
  let left = height;
  const given = new Map<Part, readonly Row[]>();
  for (const part of parts.toSorted((a, b) => b.rank - a.rank)) {
    const rows = part.rows(left).slice(0, left);
    given.set(part, rows);
    left -= rows.length;
  }
  const shown = parts.map((part) => given.get(part)!).filter((rows) => rows.length > 0);
  return shown.flatMap((rows, i) => i > 0 && left-- > 0 ? [[], ...rows] : rows);
}
