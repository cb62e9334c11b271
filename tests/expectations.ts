/** The rows that a stream's frames should make, said in SQL over `data`, a frame's payload as the exchange sent it. */
export interface Expectation {
  /** The frames' `e`. */
  readonly event: string;
  /** Each column from the payload. What is a JSON string there is compared as text, to the last zero. */
  readonly columns: Readonly<Record<string, string>>;
  readonly key: string;
  /** Which of the frames of one key makes the row: the first in this order. */
  readonly order: readonly string[];
}

/** A time from ms since the epoch. */
const time = (field: string) => `to_timestamp((${field})::bigint / 1000.0)`;

/** By table. Binance: "Individual Symbol Book Ticker Streams", "Kline/Candlestick Streams", "Aggregate Trade Streams". */
export const expectations = {
  order_book_data: {
    event: "bookTicker",
    columns: {
      symbol: "data->>'s'",
      update_id: "(data->>'u')::bigint",
      transaction_time: time("data->>'T'"),
      event_time: time("data->>'E'"),
      bid_price: "data->>'b'",
      bid_qty: "data->>'B'",
      ask_price: "data->>'a'",
      ask_qty: "data->>'A'",
    },
    key: "symbol, update_id, transaction_time",
    order: [],
  },
  trade_data: {
    event: "aggTrade",
    columns: {
      symbol: "data->>'s'",
      agg_trade_id: "(data->>'a')::bigint",
      price: "data->>'p'",
      qty: "data->>'q'",
      normal_qty: "data->>'nq'",
      first_trade_id: "(data->>'f')::bigint",
      last_trade_id: "(data->>'l')::bigint",
      trade_time: time("data->>'T'"),
      is_buyer_maker: "(data->>'m')::boolean",
      event_time: time("data->>'E'"),
    },
    key: "symbol, agg_trade_id, trade_time",
    order: [],
  },
  kline_data: {
    event: "kline",
    columns: {
      symbol: "data->'k'->>'s'",
      interval: "data->'k'->>'i'",
      open_time: time("data->'k'->>'t'"),
      close_time: time("data->'k'->>'T'"),
      open: "data->'k'->>'o'",
      high: "data->'k'->>'h'",
      low: "data->'k'->>'l'",
      close: "data->'k'->>'c'",
      volume: "data->'k'->>'v'",
      quote_volume: "data->'k'->>'q'",
      taker_buy_base_volume: "data->'k'->>'V'",
      taker_buy_quote_volume: "data->'k'->>'Q'",
      num_trades: "(data->'k'->>'n')::bigint",
      first_trade_id: "(data->'k'->>'f')::bigint",
      last_trade_id: "(data->'k'->>'L')::bigint",
      is_closed: "(data->'k'->>'x')::boolean",
      event_time: time("data->>'E'"),
    },
    key: "symbol, interval, open_time",
    order: ["is_closed desc", "event_time desc"],
  },
} satisfies Record<string, Expectation>;
