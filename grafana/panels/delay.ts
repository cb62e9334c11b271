import {
  GraphDrawStyle,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { standing } from "../bins.ts";
import { colours } from "../colours.ts";
import { rollup, series } from "../query.ts";
import { lineOf, symbolLines } from "../style.ts";

/** How late quotes come. */
export const delays = () =>
  symbolLines(
    "Delay, exchange → received",
    "From the exchange's sending of a quote to its receipt by the producer: the mean of each symbol, and the worst of all as red " +
      "points. It holds the difference of the two clocks too. The axis is logarithmic: what is less than 1 ms is drawn as 1 ms.",
  )
    .unit("ms")
    .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10))
    .overrideByName("worst", lineOf(colours.down, { drawStyle: GraphDrawStyle.Points, pointSize: 4 }))
    .withTarget(series(standing(
      `
        with quote as (
          ${rollup("order_book", "ticks, mean_delay")}
        )
        select date_bin('$__interval', time, 'epoch') as bin, symbol,
          greatest(1000 * extract(epoch from sum(mean_delay * ticks) / sum(ticks)), 1) as value
        from quote group by bin, symbol`,
      "delay",
    )))
    .withTarget(series(
      `
      with quote as (
        ${rollup("order_book", "max_delay")}
      )
      select date_bin('$__interval', time, 'epoch') as time, greatest(1000 * extract(epoch from max(max_delay)), 1) as worst
      from quote group by 1 order by 1
    `,
      "B",
    ));
