import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { envelopeText, type MarketEvent, payloadText } from "./event.ts";
import { type Fault, fault } from "./faults/fault.ts";
import type { Reply } from "./http.ts";

/** What can be asked of a running exchange. */
export interface Controls {
  start(): void;
  pause(): void;
  inject(fault: Fault): void;
  status(): unknown;
  played(): AsyncIterable<MarketEvent>;
}

const command = z.strictObject({ command: z.enum(["start", "pause"]) });

/**
 * Answers `/control`, which is not Binance's: `GET /control/status`, `GET /control/truth` (one envelope a line) and
 * `POST /control` with `{"command":"start"}`, `{"command":"pause"}` or a fault; undefined if it was something else. An
 * order is answered with the status that it led to.
 */
export async function controlReply(request: IncomingMessage, controls: Controls): Promise<Reply | undefined> {
  switch (`${request.method} ${request.url}`) {
    case "GET /control/status":
      return { status: 200, body: controls.status() };
    case "GET /control/truth":
      return { status: 200, body: undefined, text: linesOf(controls.played()) };
    case "POST /control": {
      const order = parse(await text(request));
      const { data, error } = (Object.hasOwn(Object(order), "command") ? command : fault).safeParse(order);
      if (!data) return { status: 400, body: { error: z.prettifyError(error) } };
      if ("command" in data) controls[data.command]();
      else controls.inject(data);
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
