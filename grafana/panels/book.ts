import {
  CellValuesBuilder,
  FilterValueRangeBuilder,
  HeatmapColorMode,
  HeatmapTooltipBuilder,
  PanelBuilder as Heatmap,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { AxisPlacement, TooltipDisplayMode } from "@grafana/grafana-foundation-sdk/common";
import { standing } from "../bins.ts";
import { rollup, series } from "../query.ts";
import { NOTHING, symbolLines } from "../style.ts";

/** What it costs to cross the book. */
export const spread = () =>
  symbolLines(
    "Spread",
    "Best ask less best bid, the mean over all updates, in hundredths of a percent of the mid price.",
  )
    .unit("suffix:bps")
    .axisSoftMin(0)
    .withTarget(series(standing(
      `
        with quote as (
          ${rollup("order_book", "ticks, bid_price, ask_price, mean_spread")}
        )
        select date_bin('$__interval', time, 'epoch') as bin, symbol,
          10000 * sum(mean_spread * ticks) / nullif(sum((bid_price + ask_price) * ticks) / 2, 0) as value
        from quote group by bin, symbol`,
      "spread",
    )));

/** Which side of the book is heavier: a line of colour a symbol. */
export const imbalance = () =>
  new Heatmap()
    .title("Imbalance")
    .description(
      "(bid quantity − ask quantity) / (bid quantity + ask quantity) at the best prices, the mean over all updates: +1 is " +
        "all bids (blue-green), −1 all asks (brown).",
    )
    .noValue(NOTHING)
    .calculate(false)
    .color({
      build: () => ({
        mode: HeatmapColorMode.Scheme,
        ...{ scheme: "BrBG", fill: "dark-blue", exponent: 0.5, steps: 64, reverse: false, min: -1, max: 1 },
      }),
    })
    // By default Grafana hides all values up to 0.
    .filterValues(new FilterValueRangeBuilder().le(-2))
    .cellValues(new CellValuesBuilder().decimals(2))
    .yAxis(new YAxisConfigBuilder().axisPlacement(AxisPlacement.Left).reverse(false))
    .cellGap(0)
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single))
    .withTarget(series(standing(
      `
        with quote as (
          ${rollup("order_book", "ticks, mean_imbalance")}
        )
        select date_bin('$__interval', time, 'epoch') as bin, symbol,
          sum(mean_imbalance * ticks) / sum(ticks) as value
        from quote where mean_imbalance is not null group by bin, symbol`,
      "imbalance",
    )));
