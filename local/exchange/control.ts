import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { envelopeText, type MarketEvent, payloadText } from "./event.ts";
import type { Reply } from "./rest.ts";

/** What can be asked of a running exchange. */
export interface Controls {
  start(): void;
  pause(): void;
  status(): unknown;
  played(): AsyncIterable<MarketEvent>;
}

const command = z.object({ command: z.enum(["start", "pause"]) });

/**
 * Serves `/control`, which is not Binance's: `GET /control/status`, `GET /control/truth` (one envelope a line) and
 * `POST /control` with `{"command":"start"}`; undefined where it was something else. A command is answered with the
 * status that it led to.
 */
export async function control(
  request: IncomingMessage,
  response: ServerResponse,
  controls: Controls,
): Promise<Reply | "answered" | undefined> {
  switch (`${request.method} ${request.url}`) {
    case "GET /control/status":
      return { status: 200, body: controls.status() };
    case "GET /control/truth":
      response.writeHead(200, { "Content-Type": "application/x-ndjson" });
      await pipeline(Readable.from(linesOf(controls.played())), response);
      return "answered";
    case "POST /control": {
      const asked = command.safeParse(parse(await text(request)));
      if (!asked.success) return { status: 400, body: { error: z.prettifyError(asked.error) } };
      controls[asked.data.command]();
      return { status: 200, body: controls.status() };
    }
  }
}

/** Envelopes, many to a piece: one a write would be slow. */
async function* linesOf(events: AsyncIterable<MarketEvent>): AsyncGenerator<string> {
  let piece = "";
  for await (const event of events) {
    piece += envelopeText(event.stream, payloadText(event, 0)) + "\n";
    if (piece.length < 2 ** 16) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
