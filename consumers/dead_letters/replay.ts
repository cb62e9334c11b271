import { readFrame } from "../../producers/frame.ts";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import type { Stream } from "../../shared/stream.ts";
import { type Letter, utf8 } from "./letter.ts";
import type { Action } from "./settle.ts";

/**
 * Puts letters on their topic once more. A frame of the exchange goes there as the message that it decodes to by now. A letter that
 * is not whole is refused: what is left of it may look like a message and be another one.
 */
export function replayOf(stream: Stream): Action {
  return { state: "replayed", toMessage: (letter) => messageOf(letter, stream) };
}

function messageOf({ key, value, headers }: Letter, { exchange, codec }: Stream): Outgoing {
  if ("cut-from-bytes" in headers || "key-cut-from-bytes" in headers) {
    throw new Error("cut: some of its bytes are missing for good");
  }
  if ("batch-records" in headers) throw new Error("a record batch that could not be read, and no message");
  if (headers.source !== "exchange") return { key, value: value ?? "" };
  const frame = readFrame(utf8(value));
  const payload = frame.kind === "data" ? exchange?.wire.safeParse(frame.payload) : undefined;
  if (!payload?.success) throw new Error("a frame that still can't be decoded");
  const message = exchange!.toMessage(payload.data, Date.parse(headers.time));
  return { key: message.symbol, value: codec.encode(message) };
}
