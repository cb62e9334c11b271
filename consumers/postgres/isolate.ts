import { describe } from "../../shared/log.ts";
import { isCancelled, isRefusal } from "../../shared/postgres/error.ts";
import { type Refused, RefusedError } from "../sink.ts";

/** The rest is not tried once this many more rows are refused than accepted. */
const ENOUGH = 16;

/**
 * Writes a batch that is refused as a whole by halves, and returns the rows that are refused, in order. A row is bad only if most
 * rows beside it are accepted: the errors are the same whether one row is bad or a trigger refuses all. A half is every other row,
 * so that the first single rows come from all parts of the batch. A statement that was cancelled by a timeout is halved, too. A row
 * may be written twice.
 * @throws {RefusedError} if most are refused; the accepted rows stay written
 * @throws {Error} any other error of `write`
 */
export async function isolateRefused<M>(
  rows: readonly M[],
  write: (part: readonly M[]) => Promise<void>,
): Promise<Refused[]> {
  const refused: Refused[] = [];
  const taken: number[] = [];

  const requireFew = (most: number) => {
    if (refused.length <= most) return;
    const count = `${refused.length} of ${taken.length + refused.length} rows`;
    throw new RefusedError(
      `${count} are refused, so the cause is not their content: ${refused.at(-1)!.cause}`,
    );
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
  // The table may have been repaired or altered since: the refused rows are written once more, and then an accepted one.
  for (const { index } of refused.splice(0)) await visit([index]);
  const count = refused.length;
  await visit(taken.slice(0, 1));
  requireFew(count);
  return refused.sort((a, b) => a.index - b.index);
}
