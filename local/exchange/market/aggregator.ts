import type { MarketEvent } from "../event.ts";
import { sumOf } from "./decimal.ts";

/** A trade as `@trade` frames tell it. Price and quantity are decimal text, the time is `T`, in ms since the epoch. */
export interface TradeText {
  readonly id: number;
  readonly time: number;
  readonly price: string;
  readonly quantity: string;
  readonly takerBuys: boolean;
  /** Whether a Retail Price Improvement order was filled: `X` is `RPI`. */
  readonly isRpi: boolean;
}

/** Whether an aggregate ends with its minute, so that each belongs to one candle, or may go on into the next one. */
export type Cut = "cut" | "uncut";

/** Binance: "Market trades that fill in 100ms with the same price and the same taking side". */
const joinedMs = 100;
/** In the recording of 2021 an aggregate that no other trade ends is sent 150 to 158 ms after its first trade. */
const latestMs = 150;

/** Makes the aggregated trades of one symbol of its trades, one after the other. */
export interface Aggregator {
  /**
   * Takes in a trade, which was sent at `sentAt`, in ms since the epoch. A trade of another price or side, or a later one,
   * ends the aggregate before it, which is then sent at once: it is returned.
   */
  add(trade: TradeText, sentAt: number): MarketEvent | undefined;
  /** The open aggregate, if it has to be sent by `now`. */
  dueAt(now: number): MarketEvent | undefined;
}

interface Aggregate {
  readonly first: TradeText;
  lastId: number;
  readonly quantities: string[];
  /** Those of trades that are not RPI: the field `nq`. */
  readonly normal: string[];
}

/** Ids of aggregates rise by 1, from the id of the first trade on. `symbol` in upper case. */
export function createAggregator(symbol: string, cut: Cut): Aggregator {
  const stream = `${symbol.toLowerCase()}@aggTrade`;
  let nextId: number | undefined;
  let open: Aggregate | undefined;

  const minuteOf = (time: number) => Math.floor(time / 60_000);
  const joins = ({ first }: Aggregate, { price, takerBuys, time }: TradeText) =>
    price === first.price && takerBuys === first.takerBuys && time < first.time + joinedMs &&
    (cut === "uncut" || minuteOf(time) === minuteOf(first.time));

  const end = ({ first, lastId, quantities, normal }: Aggregate, sentAt: number): MarketEvent => {
    nextId ??= first.id;
    open = undefined;
    return {
      stream,
      time: Math.min(sentAt, first.time + latestMs),
      head: '{"e":"aggTrade","E":',
      tail: `,"a":${nextId++},"s":"${symbol}","p":"${first.price}","q":"${sumOf(quantities)}",` +
        `"nq":"${sumOf(normal)}","f":${first.id},"l":${lastId},"T":${first.time},"m":${!first
          .takerBuys},"st":1}`,
    };
  };

  return {
    add(trade, sentAt) {
      const ended = open && !joins(open, trade) ? end(open, sentAt) : undefined;
      open ??= { first: trade, lastId: trade.id, quantities: [], normal: [] };
      open.lastId = trade.id;
      open.quantities.push(trade.quantity);
      if (!trade.isRpi) open.normal.push(trade.quantity);
      return ended;
    },
    dueAt: (now) => open && now >= open.first.time + latestMs ? end(open, now) : undefined,
  };
}
