import type { Writable } from "node:stream";
import type postgres from "postgres";

/** The part of a postgres.js query that it settles by. */
interface Settling {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Sends `bytes` to a `copy … from stdin`; returns once the server has taken them all.
 *
 * postgres.js 3.4.9 settles such a query when the server asks for data, and so never tells of an error that comes with
 * the last byte, as a duplicate key does: its stream waits for ever, or until some later query completes. But it settles
 * the query once more when the server is done, one way or the other: that second answer is what is waited for here.
 * @throws {postgres.PostgresError} what the server answered, or that the connection was lost
 */
export function copyIn(
  sql: Pick<postgres.Sql, "unsafe">,
  statement: string,
  bytes: Uint8Array,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = sql.unsafe(statement).simple();
    const settling = query as unknown as Settling;
    settling.reject = reject;
    settling.resolve = (stream) => {
      settling.resolve = () => resolve();
      // The error is told by `reject`; the stream's own event would be unhandled.
      (stream as Writable).on("error", () => {}).end(bytes);
    };
    query.execute();
  });
}
