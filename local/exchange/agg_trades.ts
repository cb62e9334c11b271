import { type Events, type MarketEvent, payloadText, symbolOf } from "./event.ts";
import { type Aggregator, createAggregator, type Cut } from "./market/aggregator.ts";

/** What an exchange does not aggregate has another `X`: placeholders of price 0, and trades of the insurance fund and of ADL. */
const aggregated = new Set(["MARKET", "RPI"]);

/**
 * Recorded events, and among them the aggregated trades that Binance would have made of the recorded `@trade` frames. Ids
 * of aggregates are not known: they begin with the id of the first trade.
 */
export async function* withAggTrades(events: Events, cut: Cut): AsyncGenerator<MarketEvent> {
  const aggregators = new Map<string, Aggregator>();
  const aggregatorOf = (symbol: string) => {
    const aggregator = aggregators.get(symbol) ?? createAggregator(symbol, cut);
    aggregators.set(symbol, aggregator);
    return aggregator;
  };
  function* dueAt(now: number) {
    for (const aggregator of aggregators.values()) {
      const due = aggregator.dueAt(now);
      if (due) yield fixed(due);
    }
  }

  for await (const event of events) {
    yield* dueAt(event.time);
    if (event.stream.endsWith("@trade")) {
      const { X, t, T, p, q, m } = JSON.parse(event.head);
      const trade = { id: t, time: T, price: p, quantity: q, takerBuys: !m, isRpi: X === "RPI" };
      const ended = aggregated.has(X) && aggregatorOf(symbolOf(event.stream)).add(trade, event.time);
      if (ended) yield fixed(ended);
    }
    yield event;
  }
  yield* dueAt(Infinity);
}

/** As recorded events are: every connection gets the same `E`. */
function fixed(event: MarketEvent): MarketEvent {
  return { stream: event.stream, time: event.time, head: payloadText(event, 0) };
}
