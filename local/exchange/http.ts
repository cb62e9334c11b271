import type { IncomingMessage, RequestListener } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** An answer: something as JSON, text as it comes, or bytes. */
export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
  readonly text?: AsyncIterable<string>;
  readonly bytes?: Uint8Array;
}

/** Answers each request with what `replyTo` makes of it. */
export function listener(replyTo: (request: IncomingMessage) => Promise<Reply>): RequestListener {
  return async (request, response) => {
    try {
      const { status, headers, body, text, bytes } = await replyTo(request);
      response.writeHead(status, {
        "Content-Type": text ? "application/x-ndjson" : bytes ? "application/zip" : "application/json",
        ...bytes && { "Content-Length": String(bytes.length) },
        ...headers,
      });
      if (text) await pipeline(Readable.from(text), response);
      else if (bytes) response.end(bytes);
      else response.end(JSON.stringify(body));
    } catch {
      response.destroy(); // the client has disconnected, or asks for what is no longer known
    }
  };
}
