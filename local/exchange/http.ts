import type { IncomingMessage, RequestListener } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** An answer: something as JSON, or text as it comes. */
export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
  readonly text?: AsyncIterable<string>;
}

/** Answers each request with what `replyTo` makes of it. */
export function listener(replyTo: (request: IncomingMessage) => Promise<Reply>): RequestListener {
  return async (request, response) => {
    try {
      const { status, headers, body, text } = await replyTo(request);
      response.writeHead(status, {
        "Content-Type": text ? "application/x-ndjson" : "application/json",
        ...headers,
      });
      if (text) await pipeline(Readable.from(text), response);
      else response.end(JSON.stringify(body));
    } catch {
      response.destroy(); // the client has disconnected, or asks for what is no longer known
    }
  };
}
