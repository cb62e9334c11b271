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
          const { symbol = "", eventTime }: StreamMessage = decoder.read(value) ?? {};
          const isLater = losses.some((loss) => loss.symbol === symbol && loss.from < Number(eventTime));
          if (isLater) found[symbol] = Math.min(found[symbol] ?? Infinity, Number(eventTime));
        }
      }
      return Object.keys(found).length > 0 ? found : undefined;
    },
    ended: (times) => void (open = open.filter((loss) => !ends(loss, times))),
  };
}
