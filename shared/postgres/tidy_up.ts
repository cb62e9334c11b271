import type { Log } from "../log.ts";
import type { Sql } from "./mod.ts";
import { transact } from "./transaction.ts";

/**
 * Makes missing partitions and drops those that the retention does not keep, one transaction a step, until no step is due. It does not
 * wait for steps that are postponed: the consumers run them later.
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
