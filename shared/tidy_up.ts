import type { Log } from "./log.ts";
import type { Sql } from "./postgres.ts";
import { transact } from "./postgres_transaction.ts";

/**
 * Makes the partitions that are missing and drops what the database says is not kept, in steps of a transaction each, until
 * nothing is left to do. What has to wait is left to the consumers.
 * @throws {Error} where a step can't be done for another reason than a lock
 */
export async function tidyUp(sql: Sql, log: Log): Promise<void> {
  for (;;) {
    const [{ done, warning, failure }] = await transact(sql, "select * from websocket.tidy_up()");
    if (failure) throw new Error(failure);
    if (warning) log.warn(warning);
    if (!done) return;
    log.info(done);
  }
}
