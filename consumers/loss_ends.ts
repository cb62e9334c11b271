import type { Batch, StoredTo } from "../shared/kafka/mod.ts";
import type { StreamMessage } from "../shared/stream.ts";
import type { Decoder } from "./decode.ts";
import type { Loss } from "./sink.ts";

/** Finds the messages that end losses. */
export interface LossEnds {
  /** These are all the losses that no later message has ended. */
  opened(losses: readonly Loss[]): void;
  /** Of each symbol with an open loss the event time of the first later message, in ms; undefined if there is none. */
  find(batches: readonly Batch[]): StoredTo | undefined;
  /** Losses have ended so. */
  ended(times: StoredTo): void;
}

/**
 * The event time of a message that the exchange sent when it happened, in ms. One that was fetched later has none: it may come long after
 * others of its time. That is a candle whose `revision` is greater than 0, or a trade whose event time is the trade's: REST does not tell
 * another one, and the socket sends an aggregated trade later than that (in none of 142 in recordings are both the same).
 */
export function heardAt({ symbol, eventTime, revision, tradeTime }: StreamMessage): number | undefined {
  const isFetched = typeof revision === "number" && revision > 0 || tradeTime === eventTime;
  return symbol === undefined || isFetched || typeof eventTime !== "number" ? undefined : eventTime;
}

const utf8 = new TextDecoder();

/** No loss is open. The key of a message is its symbol, so that only messages of symbols with an open loss are decoded. */
export function createLossEnds<M extends StreamMessage>(decoder: Pick<Decoder<M>, "read">): LossEnds {
  let open: readonly Loss[] = [];
  const ends = ({ symbol, from }: Loss, times: StoredTo) =>
    Object.hasOwn(times, symbol) && from < times[symbol];
  return {
    opened: (losses) => void (open = losses),
    find(batches) {
      if (open.length === 0) return undefined;
      const sought = Map.groupBy(open, ({ symbol }) => symbol);
      const found: Record<string, number> = {};
      for (const { messages } of batches) {
        for (const { key, value, damage } of messages) {
          const losses = damage || !key ? undefined : sought.get(utf8.decode(key));
          if (!losses) continue;
          const message = decoder.read(value);
          const time = message && heardAt(message);
          if (time === undefined) continue;
          const { symbol = "" } = message!;
          const isLater = losses.some((loss) => loss.symbol === symbol && loss.from < time);
          if (isLater) found[symbol] = Math.min(found[symbol] ?? Infinity, time);
        }
      }
      return Object.keys(found).length > 0 ? found : undefined;
    },
    ended: (times) => void (open = open.filter((loss) => !ends(loss, times))),
  };
}
