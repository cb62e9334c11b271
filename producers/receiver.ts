import { deadLetter } from "../shared/dead_letter.ts";
import type { Log } from "../shared/log.ts";
import { faultOf } from "../shared/message.ts";
import type { ExchangeSide, Stream } from "../shared/stream.ts";
import type { Seen } from "./connection.ts";
import { readFrame } from "./frame.ts";
import type { Outlet } from "./outlet.ts";
import type { Overlap } from "./overlap.ts";
import { usualDecoder } from "./usual_frame.ts";

type Message = { symbol: string; eventTime: number };

/** Turns texts from the exchange into messages for Kafka. */
export interface Receiver<M> {
  /** Takes a text; `onSeen` is told of a good message and its stream's name. Returns what it is where it is good data, seen already or not. */
  onText(
    text: string,
    overlap: Overlap<M>,
    onSeen: (stream: string, eventTime: number) => void,
  ): Seen | undefined;
  /** When the last good data came, in ms. */
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
  counts: { received: number; duplicate: number },
  log: Log,
): Receiver<M> {
  const decodeUsual = usualDecoder(exchange);
  const prices: Record<string, string> = {};
  let lastData = Date.now();

  const reject = (text: string, cause: string) => {
    log.sparsely("frame", "a frame can't be decoded and goes to the dead-letter topic", { cause });
    letters.push(deadLetter(null, text, { cause, source: "exchange" }));
  };

  /** The payload of a text that is good data; what else a text is has been seen to. */
  const read = (text: string): { payload: unknown; stream?: string } | undefined => {
    const usual = decodeUsual(text);
    if (usual) {
      counts.received++;
      return usual;
    }
    const frame = readFrame(text);
    if (frame.kind === "ack") return;
    if (frame.kind === "error") {
      log.sparsely("refusal", "the exchange refuses a request", { why: frame.message });
      return;
    }
    counts.received++;
    const { success, data, error } = exchange.wire.safeParse(frame.payload);
    if (success) return { payload: data, stream: frame.stream };
    reject(text, frame.payload === undefined ? "it is no JSON object" : faultOf(error));
  };

  return {
    onText(text, overlap, onSeen) {
      const data = read(text);
      if (!data) return;
      lastData = Date.now();
      const message = exchange.toMessage(data.payload, lastData);
      const { symbol, eventTime } = message;
      const name = data.stream ?? exchange.subscriptionOf(message);
      const isRepeated = overlap.isDuplicate(message);
      if (isRepeated) counts.duplicate++;
      else {
        onSeen(name, eventTime);
        if (stream.lastPrice) prices[symbol] = stream.lastPrice(message);
        // What `stream.codec.encode` gives, without its check: the wire has been checked.
        messages.push({ key: symbol, value: JSON.stringify(message) });
      }
      return { stream: name, eventTime, isRepeated };
    },
    get lastData() {
      return lastData;
    },
    prices,
  };
}
