import { deadLetter } from "../../shared/dead_letter.ts";
import type { Log } from "../../shared/log.ts";
import { faultOf } from "../../shared/message.ts";
import type { ExchangeSide, Stream } from "../../shared/stream.ts";
import type { Heard } from "./connection.ts";
import { readFrame } from "../../shared/exchange/frame.ts";
import type { Outlet } from "../outlet/outlet.ts";
import type { Overlap } from "./overlap.ts";
import { createUntimely } from "./plausible.ts";
import { usualDecoder } from "../../shared/exchange/usual_frame.ts";

type Message = { symbol: string; eventTime: number };

/** Turns frames of the exchange into messages for Kafka. */
export interface Receiver<M> {
  /** Takes a frame; `onSeen` is told of a good message and its stream's name, unless its time can't be true. Returns what it is, seen already or not. */
  onFrame(
    data: string | Uint8Array,
    overlap: Overlap<M>,
    onSeen: (stream: string, eventTime: number) => void,
  ): Heard | undefined;
  /** When the last good data came, in ms of `performance.now()`. */
  readonly lastData: number;
  /** The last price of each symbol, a decimal string. */
  readonly prices: Record<string, string>;
}

/** A receiver that counts what it gets in `counts`, and puts good data into `messages` and what can't be decoded into `letters`. */
export function createReceiver<M extends Message>(
  stream: Stream<M>,
  exchange: ExchangeSide<M>,
  messages: Pick<Outlet, "push">,
  letters: Pick<Outlet, "push">,
  counts: { received: number; duplicate: number; notices: number },
  log: Log,
): Receiver<M> {
  const decodeUsual = usualDecoder(exchange);
  const prices: Record<string, string> = {};
  const isUntimely = createUntimely(log);
  let lastData = performance.now();

  const reject = (data: string | Uint8Array, cause: string) => {
    log.sparsely("frame", "a frame can't be decoded and goes to the dead-letter topic", { cause });
    letters.push(deadLetter(null, data, { cause, source: "exchange" }));
  };

  /** The payload of a text that is good data; what else a text is has been seen to. */
  const read = (text: string): { payload: unknown; stream?: string } | "shutdown" | undefined => {
    const usual = decodeUsual(text);
    if (usual) {
      counts.received++;
      return usual;
    }
    const frame = readFrame(text);
    if (frame.kind === "ack") return;
    if (frame.kind !== "data") {
      counts.notices++;
      const why = frame.kind === "shutdown" ? "its server is about to be shut down" : frame.message;
      log.sparsely("notice", "the exchange gives notice", { why });
      return frame.kind === "shutdown" ? "shutdown" : undefined;
    }
    counts.received++;
    const { success, data, error } = exchange.wire.safeParse(frame.payload);
    if (success) return { payload: data, stream: frame.stream };
    reject(text, frame.payload === undefined ? "it is no JSON object" : faultOf(error));
  };

  return {
    onFrame(frame, overlap, onSeen) {
      const text = typeof frame === "string" ? frame : textOf(frame);
      if (text === undefined) {
        counts.received++;
        return void reject(frame, "it is no UTF-8 text");
      }
      const data = read(text);
      if (!data || data === "shutdown") return data;
      lastData = performance.now();
      const message = exchange.toMessage(data.payload, Date.now());
      const { symbol, eventTime } = message;
      const name = data.stream ?? exchange.subscriptionOf(message);
      const isRepeated = overlap.isDuplicate(message);
      const isAhead = isUntimely(eventTime);
      if (isRepeated) counts.duplicate++;
      else {
        if (!isAhead) onSeen(name, eventTime);
        if (stream.lastPrice) prices[symbol] = stream.lastPrice(message);
        // What `stream.codec.encode` gives, without its check: the wire has been checked.
        messages.push({ key: symbol, value: JSON.stringify(message) });
      }
      return { stream: name, eventTime, isRepeated, isUntimely: isAhead };
    },
    get lastData() {
      return lastData;
    },
    prices,
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A frame sent as binary is read like a text, where it is one. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
