import { StackingConfigBuilder, StackingMode } from "@grafana/grafana-foundation-sdk/common";
import { perSecond } from "../bins.ts";
import { type Rollup, series } from "../query.ts";
import { symbolLines } from "../style.ts";

/** Amounts a second, on top of each other. It falls to 0 where nothing comes. */
const rate = (title: string, description: string, table: Rollup, amount: string) =>
  symbolLines(title, description)
    .unit("short")
    .min(0)
    .fillOpacity(30)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"))
    .withTarget(series(perSecond(table, amount)));

/** How many quotes come. */
export const quoteRate = () =>
  rate(
    "Quotes a second",
    "Best bids and asks a second, by the exchange's time: 0 where none is stored, whatever the reason.",
    "order_book",
    "ticks",
  );

/** How much is traded. */
export const tradeRate = () =>
  rate(
    "Trades a second",
    "Trades a second, by the exchange's time, counted by their ids: an aggregated trade may be several. 0 where none is stored.",
    "trade",
    "num_trades",
  );
