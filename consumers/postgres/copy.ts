import { Writable } from "node:stream";
import type { Sql } from "../../shared/postgres/mod.ts";

/** The functions by which postgres.js settles a query. */
interface Settling {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Sends statements, one of which is a `copy … from stdin`, and sends `bytes` to it. Returns when the server has done all of them.
 *
 * postgres.js 3.4.9 settles such a query when the server asks for data. So it does not report an error that follows the last byte,
 * such as a duplicate key: its stream waits until a later query completes, and its clean-up then fails the copy of that query. But
 * it settles the query a second time when the server has succeeded or failed. This function waits for that second answer, and
 * leaves the clean-up out.
 * @throws {Error} postgres.js' error: what the server answered, or that the connection was lost
 */
export function copyIn(sql: Sql, statements: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = sql.unsafe(statements).simple();
    const settling = query as unknown as Settling;
    settling.reject = reject;
    settling.resolve = (stream) => {
      // A query that was lost with its connection is settled at the start of the next connection. Nobody waits for it then.
      if (!(stream instanceof Writable)) return reject(new Error("The server asked for no data"));
      settling.resolve = () => resolve();
      stream._destroy = (_error, done) => done();
      stream.end(bytes);
    };
    query.execute();
  });
}
