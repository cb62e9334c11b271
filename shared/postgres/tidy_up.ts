import type { Log } from "../log.ts";
import type { Sql } from "./mod.ts";
import { transact } from "./transaction.ts";

/**
 * Creates missing partitions and drops those that the database's retention does not keep, a transaction a step, until nothing is
 * left to do. Steps that must wait are left to the consumers.
 * @throws {Error} if a step fails for another reason than a lock
 */
export async function tidyUp(sql: Sql, schema: string, log: Log): Promise<void> {
  for (;;) {
    const [{ done, warning, failure }] = await transact(sql, `select * from ${schema}.tidy_up()`);
    if (failure) throw new Error(failure);
    if (warning) log.warn(warning);
    if (!done) return;
    log.info(done);
  }
}
