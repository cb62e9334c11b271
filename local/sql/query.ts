import type { Sql } from "../../shared/postgres/mod.ts";
import type { Column } from "./table.ts";

/** No more rows are shown: a table of ticks has millions. */
export const MOST_ROWS = 1_000;

/** pg_type: int8, int2, int4, float4, float8, numeric. */
const NUMBERS = [20, 21, 23, 700, 701, 1700];

export interface Result {
  readonly columns: readonly Column[];
  /** The values as Postgres writes them; `MOST_ROWS` at most. */
  readonly rows: (string | null)[][];
  /** Whether there are more rows. */
  readonly isCut: boolean;
}

/**
 * Runs one statement in a transaction that can't write, with times in UTC.
 * @throws {postgres.PostgresError} if the statement is wrong, writes, or is more than one
 */
export async function query(sql: Sql, statement: string): Promise<Result> {
  return await sql.begin("read only", async (transaction) => {
    await transaction`set local timezone = 'UTC'`;
    // By the extended protocol, which takes one statement: a second one could end the transaction and write.
    const pending = () => transaction.unsafe(statement, [], { simple: false } as Record<string, unknown>);
    const { columns: named } = await pending().describe();
    const columns = (named ?? []).map(({ name, type }) => ({ name, isNumber: NUMBERS.includes(type) }));
    const rows: (string | null)[][] = [];
    for await (const part of pending().raw().cursor(MOST_ROWS + 1)) {
      for (const row of part as unknown as (Uint8Array | null)[][]) {
        rows.push(row.map((value) => value && new TextDecoder().decode(value)));
      }
      break;
    }
    return { columns, rows: rows.slice(0, MOST_ROWS), isCut: rows.length > MOST_ROWS };
  });
}
