import { type MarketEvent, payloadText } from "../event.ts";
import { decimalText, scaleOf } from "../market/decimal.ts";
import type { Tally } from "../tally.ts";

/** What goes wrong with an aggregated trade: it is not sent, or with a wrong price or quantity. */
export interface TradeFaultOrder {
  readonly fault: "omit" | "alter";
  /** So many trades, each `every`-th one. */
  readonly trades: number;
  readonly every: number;
  /** Upper case; undefined: of all symbols. */
  readonly symbol?: string;
  /** What is wrong in a trade that is altered: one unit of its last decimal more. */
  readonly field?: "price" | "quantity";
}

/** An aggregated trade that clients did not get, or got otherwise than it was. */
export interface TradeFault {
  readonly fault: "omit" | "alter";
  readonly symbol: string;
  readonly aggTradeId: number;
  /** ms since the epoch. */
  readonly tradeTime: number;
}

/** Omits and alters aggregated trades as ordered, for all clients alike: none has what another has not. */
export interface TradeFaults {
  order(order: TradeFaultOrder): void;
  clear(): void;
  /** The event as clients get it; undefined if they do not get it. */
  pass(event: MarketEvent): MarketEvent | undefined;
  /** The newest ones, in order. */
  readonly newest: readonly TradeFault[];
}

/** The status has all of them. */
const kept = 1_000;

/** Each fault that comes to bear is added to `done` by its name. */
export function createTradeFaults(done: Tally): TradeFaults {
  let orders: (TradeFaultOrder & { left: number; passed: number })[] = [];
  const newest: TradeFault[] = [];

  return {
    order: (order) => void orders.push({ ...order, left: order.trades, passed: 0 }),
    clear: () => orders = [],
    pass(event) {
      if (orders.length === 0 || !event.stream.endsWith("@aggTrade")) return event;
      const { s: symbol, a: aggTradeId, T: tradeTime } = JSON.parse(payloadText(event, 0));
      const order = orders.find((one) => one.symbol === undefined || one.symbol === symbol);
      if (!order || ++order.passed % order.every !== 0) return event;
      const { fault } = order;
      done.add(fault);
      newest.push({ fault, symbol, aggTradeId, tradeTime });
      if (newest.length > kept) newest.shift();
      if (--order.left === 0) orders = orders.filter((one) => one !== order);
      return fault === "omit" ? undefined : raise(event, order.field === "price" ? "p" : "q");
    },
    newest,
  };
}

/** The event with a field, decimal text, that is one unit of its last decimal more. */
function raise(event: MarketEvent, field: string): MarketEvent {
  const raised = (text: string) =>
    text.replace(
      new RegExp(`("${field}"\\s*:\\s*")([^"]+)`),
      (_, name, value) => name + decimalText(BigInt(value.replace(".", "")) + 1n, scaleOf(value)),
    );
  return event.tail === undefined
    ? { ...event, head: raised(event.head) }
    : { ...event, tail: raised(event.tail) };
}
