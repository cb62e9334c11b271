import { deadLetter } from "../../shared/dead_letter.ts";
import type { Log } from "../../shared/log.ts";
import { faultOf } from "../../shared/message.ts";
import type { ExchangeMessage, Feed, MessageType } from "../../shared/stream.ts";
import type { Answer, Heard, Seen } from "./types.ts";
import { readFrame } from "../../shared/exchange/frame.ts";
import type { Outlet } from "../../shared/outlet/outlet.ts";
import type { Overlap } from "./overlap.ts";
import { createUntimely } from "./plausible.ts";
import { usualDecoder } from "../../shared/exchange/usual_frame.ts";

/** What came of the exchange's frames: messages, and frames that hold none. */
export interface SourceCounts {
  /** Messages, and frames that can't be decoded or hold no message. */
  received: number;
  /** Messages that had come on another connection before. */
  duplicate: number;
  /** Frames that hold no message. */
  ignored: number;
  /** Notices of the exchange. */
  notices: number;
  /** Frames with data that the fast decoder did not know, though it knows the stream's: the schema read them. */
  fallbacks: number;
}

/** Takes a message before it is put into the outlet. */
export type OnMessage = (feed: string, eventTime: number, message: unknown) => void;

/** Turns frames of the exchange into messages for Kafka. */
export interface Receiver<M> {
  /** Takes a frame and returns what it is. `onMessage` is told of each message, repeated or not, unless its time can't be true. */
  onFrame(data: string | Uint8Array, overlap: Overlap<M>, onMessage: OnMessage): Heard | undefined;
  /** When good data last came, in ms of `performance.now()`. */
  readonly lastData: number;
  readonly counts: Readonly<SourceCounts>;
  /** The last price of each symbol, a decimal string. */
  readonly prices: Record<string, string>;
}

/** A receiver that puts good data into `messages`, and frames that can't be decoded into `letters`. */
export function createReceiver<M extends ExchangeMessage>(
  type: MessageType<M>,
  feed: Feed<M>,
  messages: Pick<Outlet, "push">,
  letters: Pick<Outlet, "push">,
  log: Log,
): Receiver<M> {
  const counts: SourceCounts = { received: 0, duplicate: 0, ignored: 0, notices: 0, fallbacks: 0 };
  const decodeUsual = usualDecoder(feed);
  const prices: Record<string, string> = {};
  const isUntimely = createUntimely(log);
  let lastData = performance.now();

  const reject = (data: string | Uint8Array, cause: string) => {
    counts.received++;
    log.sparsely("frame", "a frame can't be decoded and goes to the dead-letter topic", { cause });
    letters.push(deadLetter(null, data, { cause, source: "exchange" }));
  };

  /** The payload of a text, if the text is good data. A text that is no data, or bad data, is handled here. */
  const read = (text: string): { payload: unknown; stream?: string } | Answer | "shutdown" | undefined => {
    const usual = decodeUsual?.(text);
    if (usual) return usual;
    const frame = readFrame(text);
    if (frame.kind === "ack") return { answerTo: frame.id };
    if (frame.kind !== "data") {
      counts.notices++;
      const why = frame.kind === "shutdown" ? "its server is about to be shut down" : frame.message;
      log.sparsely("notice", "the exchange gives notice", { why });
      return frame.kind === "shutdown" ? "shutdown" : undefined;
    }
    if (decodeUsual) counts.fallbacks++;
    const { success, data, error } = feed.wire.safeParse(frame.payload);
    if (success) return { payload: data, stream: frame.stream };
    reject(text, frame.payload === undefined ? "it is no JSON object" : faultOf(error));
  };

  const take = (message: M, name: string, overlap: Overlap<M>, onMessage: OnMessage): Seen => {
    counts.received++;
    const { symbol } = message;
    const isRepeated = overlap.isDuplicate(message);
    const eventTime = isUntimely(message.eventTime) ? undefined : message.eventTime;
    if (eventTime !== undefined) onMessage(name, eventTime, message);
    if (isRepeated) counts.duplicate++;
    else {
      if (type.lastPrice) prices[symbol] = type.lastPrice(message);
      // The same text as of `codec.encode`, without its check: the frame has been checked.
      messages.push({ key: symbol, value: JSON.stringify(message) });
    }
    return { feed: name, eventTime };
  };

  return {
    onFrame(frame, overlap, onMessage) {
      const text = typeof frame === "string" ? frame : textOf(frame);
      if (text === undefined) return void reject(frame, "it is no UTF-8 text");
      const data = read(text);
      if (typeof data !== "object" || "answerTo" in data) return data;
      lastData = performance.now();
      const found = feed.toMessages(data.payload, Date.now());
      if (found.length === 0) {
        counts.received++;
        counts.ignored++;
        return { feed: data.stream ?? "" };
      }
      let seen: Heard | undefined;
      for (const message of found) {
        seen = take(message, data.stream ?? feed.feedOf(message), overlap, onMessage);
      }
      return seen;
    },
    get lastData() {
      return lastData;
    },
    counts,
    prices,
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a frame that was sent as binary; undefined if it is no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
