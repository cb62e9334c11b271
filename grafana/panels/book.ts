import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import { everyBin, rollup, series } from "../query.ts";
import { lines } from "../style.ts";

/** What it costs to cross the book. */
export const spread = () =>
  lines(new TimeSeries(), "desc")
    .title("Spread")
    .description(
      "Best ask less best bid, the mean over all updates, in hundredths of a percent of the mid price.",
    )
    .noValue("No quotes of these symbols in this range.")
    .unit("suffix: bps")
    .decimals(2)
    .axisSoftMin(0)
    .withTarget(series(everyBin(
      `
        with quote as (
          ${rollup("ticks, bid_price, ask_price, mean_spread")}
        )
        select date_bin('$__interval', time, 'epoch') as bin, symbol,
          10000 * sum(mean_spread * ticks) / nullif(sum((bid_price + ask_price) * ticks) / 2, 0) as value
        from quote group by bin, symbol`,
      "spread",
    )));

/** Which side of the book is heavier. */
export const imbalance = () =>
  lines(new TimeSeries(), "desc")
    .title("Imbalance")
    .description(
      "(bid quantity − ask quantity) / (bid quantity + ask quantity) at the best prices, the mean over all updates: +1 is " +
        "all bids, −1 all asks.",
    )
    .noValue("No quotes of these symbols in this range.")
    .decimals(2)
    .min(-1)
    .max(1)
    .withTarget(series(everyBin(
      `
        with quote as (
          ${rollup("ticks, mean_imbalance")}
        )
        select date_bin('$__interval', time, 'epoch') as bin, symbol,
          sum(mean_imbalance * ticks) / sum(ticks) as value
        from quote where mean_imbalance is not null group by bin, symbol`,
      "imbalance",
    )));
