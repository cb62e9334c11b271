import { readFrame } from "../../shared/exchange/frame.ts";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import type { Stream } from "../../shared/stream.ts";
import { type Letter, utf8 } from "./letter.ts";
import type { Action } from "./settle.ts";

/**
 * Sends letters to their topic again. A frame of the exchange is sent as the message that it now decodes to. An incomplete letter is
 * refused: its rest may look like a message, but a different one.
 */
export function replayOf(stream: Stream): Action {
  return { state: "replayed", toMessage: (letter) => messageOf(letter, stream) };
}

function messageOf({ key, value, headers }: Letter, { exchange, codec }: Stream): Outgoing {
  if ("cut-from-bytes" in headers || "key-cut-from-bytes" in headers) {
    throw new Error("incomplete: some of its bytes were cut off");
  }
  if ("batch-records" in headers) throw new Error("a record batch that could not be read, not a message");
  if (headers.source !== "exchange") return { key, value: value ?? "" };
  const frame = readFrame(utf8(value));
  const payload = frame.kind === "data" ? exchange?.wire.safeParse(frame.payload) : undefined;
  if (!payload?.success) throw new Error("a frame that still can't be decoded");
  const message = exchange!.toMessage(payload.data, Date.parse(headers.time));
  return { key: message.symbol, value: codec.encode(message) };
}
