import { describe } from "../shared/log.ts";
import { isCancelled, isRefusal } from "../shared/postgres_error.ts";

/** A row that the database refuses for what it holds: which of those that were given, and why. */
export interface Refused {
  readonly index: number;
  readonly cause: string;
}

/** Most rows are refused: not for what they hold, but by a schema, a constraint or a trigger that takes none. */
export class RefusedError extends Error {
  override name = "RefusedError";
}

/** More are refused than taken, by so many: the rest is not tried. */
const ENOUGH = 16;

/**
 * Writes by halves what can't be written whole, and returns the rows that are refused, in order. A row is bad only where most
 * others beside it are taken: the errors are the same whether one row is bad or a trigger refuses all. The halves are every
 * other row, so that the first rows that stand alone are of all parts of the batch. Of a statement that was cancelled for the
 * time it took, the halves are written too. A row may be written twice.
 * @throws {RefusedError} where most are refused; what was taken stays written
 * @throws {Error} any other error of `write`
 */
export async function sift<M>(
  rows: readonly M[],
  write: (part: readonly M[]) => Promise<void>,
): Promise<Refused[]> {
  const refused: Refused[] = [];
  const taken: number[] = [];

  const requireFew = (most: number) => {
    if (refused.length <= most) return;
    const count = `${refused.length} of ${taken.length + refused.length} rows`;
    throw new RefusedError(`${count} are refused, which is not for what they hold: ${refused.at(-1)!.cause}`);
  };
  const visit = async (indices: readonly number[]): Promise<void> => {
    try {
      await write(indices.map((index) => rows[index]));
      for (const index of indices) taken.push(index);
      return;
    } catch (error) {
      if (!isRefusal(error) && !(isCancelled(error) && indices.length > 1)) throw error;
      if (indices.length === 1) {
        refused.push({ index: indices[0], cause: describe(error) });
        return requireFew(taken.length + ENOUGH);
      }
    }
    for (const half of [0, 1]) await visit(indices.filter((_, at) => at % 2 === half));
  };

  if (rows.length > 0) await visit([...rows.keys()]);
  requireFew(taken.length);
  if (refused.length === 0) return [];
  // The table may have been mended or altered since: they are written once more, and after them one that was taken.
  for (const { index } of refused.splice(0)) await visit([index]);
  const count = refused.length;
  await visit(taken.slice(0, 1));
  requireFew(count);
  return refused.sort((a, b) => a.index - b.index);
}
