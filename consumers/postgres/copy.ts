import { Writable } from "node:stream";
import type postgres from "postgres";

/** The part of a postgres.js query that it settles by. */
interface Settling {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Sends statements of which one is a `copy … from stdin`, and `bytes` to that; returns once the server has done them all.
 *
 * postgres.js 3.4.9 settles such a query when the server asks for data, and so never tells of an error that comes with
 * the last byte, as a duplicate key does: its stream waits until some later query completes, and then fails that one's
 * copy by its own clean-up. But it settles the query once more when the server is done, one way or the other: that second
 * answer is what is waited for here, and the clean-up is left out.
 * @throws {postgres.PostgresError} what the server answered, or that the connection was lost
 */
export function copyIn(sql: postgres.Sql, statements: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = sql.unsafe(statements).simple();
    const settling = query as unknown as Settling;
    settling.reject = reject;
    settling.resolve = (stream) => {
      // A query that was lost with its connection is settled by the next connection's start: nobody waits for it any more.
      if (!(stream instanceof Writable)) return reject(new Error("The server asked for no data"));
      settling.resolve = () => resolve();
      stream._destroy = (_error, done) => done();
      stream.end(bytes);
    };
    query.execute();
  });
}
