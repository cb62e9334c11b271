import type { Rule } from "./files.ts";

const MOST_LINES = 250;

/** No file of code, TypeScript or SQL, has more than 250 lines. Documents may. */
export const sizes: Rule = (files) =>
  files.filter(({ path }) => /\.(ts|sql)$/.test(path)).flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    return lines <= MOST_LINES
      ? []
      : [`${path}: must have at most ${MOST_LINES} lines: it has ${lines}. Split it by duty`];
  });
