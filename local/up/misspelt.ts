import { join } from "node:path";
import { readIfThere } from "../folders.ts";
import { root } from "./tasks.ts";

/** Texts that differ in so many letters count as the same word, misspelt. */
const MOST_EDITS = 2;
/** A shorter name is too near to others: `HOST` to `PORT`. */
const SHORTEST = 6;

/**
 * Names that nothing reads and that look like one that is read, with that one: `SYMBOL` for `SYMBOLS`.
 *
 * @param names of the environment and of `.env`
 * @param known the variables that are read
 */
export function misspelt(
  names: readonly string[],
  known: readonly string[],
): { name: string; meant: string }[] {
  const all = new Set(known);
  return [...new Set(names)].filter((name) => !all.has(name) && name.length >= SHORTEST).flatMap((name) => {
    const meant = known.find((one) => one.length >= SHORTEST && edits(name.toUpperCase(), one) <= MOST_EDITS);
    return meant === undefined ? [] : [{ name, meant }];
  });
}

/** How many letters must be put in, left out or replaced to make one text of the other (Levenshtein). */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}

/** The variables that `.env.example` has, those of Docker included. */
export async function knownVariables(): Promise<string[]> {
  const text = await readIfThere(join(root, ".env.example")) ?? "";
  return [...text.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
}
