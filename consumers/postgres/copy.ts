import { Writable } from "node:stream";
import { setImmediate } from "node:timers";
import { sleep } from "../../shared/wait.ts";
import type { Sql } from "../../shared/postgres/mod.ts";

/** How long a connection that has failed takes to be closed, in ms, with much to spare. */
const CLOSE_MS = 50;

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
  return copyWith(sql, statements, (stream) => stream.end(bytes));
}

/**
 * As `copyIn`, with bytes that come in parts: a part may be overwritten once the next one is asked for. If the parts fail, the server is
 * told, and nothing of the transaction stays.
 * @throws {Error} the parts' own error, or as `copyIn`
 */
export async function copyParts(
  sql: Sql,
  statements: string,
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  const over = Promise.withResolvers<false>();
  let failure: { readonly error: unknown } | undefined;
  const send = async (stream: Writable, giveUp: (error: Error) => void) => {
    try {
      for await (const bytes of parts) {
        const isWritten = new Promise<boolean>((resolve) => stream.write(bytes, (error) => resolve(!error)));
        // The server may fail while a part is on its way, and then nobody tells that it was written.
        if (!await Promise.race([isWritten, over.promise])) return;
        // Deno 2.9.6 does not read the socket while writes succeed at once: the server's error would be seen after the last part.
        await new Promise((resolve) => setImmediate(resolve));
      }
      stream.end();
    } catch (error) {
      failure = { error };
      giveUp(new Error("the data can't be read"));
    }
  };
  let sending: Promise<void> | undefined;
  try {
    await copyWith(sql, statements, (stream, giveUp) => sending = send(stream, giveUp));
  } catch (error) {
    over.resolve(false);
    await sending;
    // postgres.js 3.4.9 loses a query that is sent between the error of a connection and its close, and never settles it.
    await sleep(CLOSE_MS);
    throw failure ? failure.error : error;
  }
}

/** Sends statements and calls `send` when the server asks for data; `giveUp` has the server undo the transaction. */
function copyWith(
  sql: Sql,
  statements: string,
  send: (stream: Writable, giveUp: (error: Error) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = sql.unsafe(statements).simple();
    const settling = query as unknown as Settling;
    settling.reject = reject;
    settling.resolve = (stream) => {
      // A query that was lost with its connection is settled at the start of the next connection. Nobody waits for it then.
      if (!(stream instanceof Writable)) return reject(new Error("The server asked for no data"));
      settling.resolve = () => resolve();
      const fail = stream._destroy.bind(stream);
      stream._destroy = (_error, done) => done();
      send(stream, (error) => fail(error, () => {}));
    };
    query.execute();
  });
}
