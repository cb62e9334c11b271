import { readFrame } from "../../shared/exchange/frame.ts";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import type { Stream } from "../../shared/stream.ts";
import { type Letter, utf8 } from "./letter.ts";
import type { Action } from "./settle.ts";

/**
 * Sends letters to their topic again. A frame of the exchange is sent as the messages that it now decodes to. An incomplete letter is
 * refused: its rest may look like a message, but a different one.
 */
export function replayOf(stream: Stream): Action {
  return { state: "replayed", toMessages: (letter) => messagesOf(letter, stream) };
}

function messagesOf({ key, value, headers }: Letter, { feed, message }: Stream): Outgoing[] {
  if ("cut-from-bytes" in headers || "key-cut-from-bytes" in headers) {
    throw new Error("incomplete: some of its bytes were cut off");
  }
  if ("batch-records" in headers) throw new Error("a record batch that could not be read, not a message");
  if (headers.source !== "exchange") return [{ key, value: value ?? "" }];
  const frame = readFrame(utf8(value));
  const payload = frame.kind === "data" ? feed?.wire.safeParse(frame.payload) : undefined;
  if (!payload?.success) throw new Error("a frame that still can't be decoded");
  return feed!.toMessages(payload.data, Date.parse(headers.time))
    .map((one) => ({ key: one.symbol ?? null, value: message.codec.encode(one) }));
}
