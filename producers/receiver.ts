import { deadLetter } from "../shared/dead_letter.ts";
import { deadLetterTopic } from "../shared/kafka/mod.ts";
import type { Log } from "../shared/log.ts";
import { faultOf } from "../shared/message.ts";
import type { ExchangeSide, Stream } from "../shared/stream.ts";
import type { Buffer } from "./buffer.ts";
import type { Seen } from "./connection.ts";
import { readFrame } from "./frame.ts";
import type { Overlap } from "./overlap.ts";

type Message = { symbol: string; eventTime: number };

/** Turns texts from the exchange into entries of the buffer. */
export interface Receiver {
  /** Takes a text; `onSeen` is told of a good message. Returns what it is where it is good data, seen already or not. */
  onText(
    text: string,
    overlap: Overlap,
    onSeen: (symbol: string, eventTime: number) => void,
  ): Seen | undefined;
  /** When the last good data came, in ms. */
  readonly lastData: number;
  /** The last price of each symbol, a decimal string. */
  readonly prices: Record<string, string>;
}

/** A receiver that counts what it gets in `counts` and puts what can't be decoded on the dead-letter topic. */
export function createReceiver<M extends Message>(
  stream: Stream<M>,
  exchange: ExchangeSide<M>,
  buffer: Buffer<M>,
  counts: { received: number; duplicate: number },
  topic: string,
  log: Log,
): Receiver {
  const prices: Record<string, string> = {};
  let lastData = Date.now();

  const reject = (text: string, cause: string) => {
    log.sparsely("frame", "a frame can't be decoded and goes to the dead-letter topic", { cause });
    buffer.push({ topic: deadLetterTopic(topic), ...deadLetter(null, text, { cause, source: "exchange" }) });
  };

  return {
    onText(text, overlap, onSeen) {
      const frame = readFrame(text);
      if (frame.kind === "ack") return;
      if (frame.kind === "error") {
        return log.sparsely(frame.message, "the exchange refuses a request", { why: frame.message }),
          undefined;
      }
      counts.received++;
      const parsed = exchange.wire.safeParse(frame.payload);
      if (!parsed.success) {
        return reject(
          text,
          frame.payload === undefined ? "it is no JSON object" : faultOf(parsed.error),
        ),
          undefined;
      }
      lastData = Date.now();
      const message = exchange.toMessage(parsed.data, lastData);
      const { symbol, eventTime } = message;
      if (overlap.isDuplicate(exchange.identity(message))) counts.duplicate++;
      else {
        onSeen(symbol, eventTime);
        if (stream.lastPrice) prices[symbol] = stream.lastPrice(message);
        // What `stream.codec.encode` gives, without its check: the wire has been checked.
        buffer.push({ topic, key: symbol, value: JSON.stringify(message), message });
      }
      return { stream: frame.stream ?? "", eventTime };
    },
    get lastData() {
      return lastData;
    },
    prices,
  };
}
