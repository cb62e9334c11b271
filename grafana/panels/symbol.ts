import {
  CandlestickColorsBuilder,
  CandlestickFieldMapBuilder,
  PanelBuilder as Candlestick,
  VizDisplayMode,
} from "@grafana/grafana-foundation-sdk/candlestick";
import { LineInterpolation } from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import { rollup, schema, series, symbols } from "../query.ts";
import { colours, lineOf, lines, priceDecimals } from "../style.ts";

/** One symbol's candles. They are added up from those of a minute, of whole intervals from the first one on. */
export const candles = () =>
  new Candlestick()
    .title("$symbol, candles of $interval")
    .description(
      "Open, high, low, close and base volume, added up from the candles of a minute. Intervals begin as the exchange's " +
        "do, in UTC; the last candle is still moving.",
    )
    .noValue("No candles of this symbol in this range.")
    .unit("locale")
    .decimals(priceDecimals)
    .mode(VizDisplayMode.CandlesVolume)
    .colors(new CandlestickColorsBuilder().up(colours.up).down(colours.down).flat(colours.neutral))
    .fields(
      new CandlestickFieldMapBuilder().open("open").high("high").low("low").close("close").volume("volume"),
    )
    .overrideByName("volume", [{ id: "unit", value: "short" }, { id: "decimals", value: 2 }])
    .withTarget(series(`
      select open_time as time, open, high, low, close, volume
      from unnest(${symbols}) as symbol,
        ${schema}.candles(symbol, '$interval', $__timeFrom(), $__timeTo())
      order by time
    `));

/** One symbol's best bid and ask, and the middle between them. */
export const bestBidAndAsk = () =>
  lines(new TimeSeries(), "none")
    .title("$symbol, best bid and ask")
    .description("The last best bid and ask of each moment, and the middle between them.")
    .noValue("No quotes of this symbol in this range.")
    .unit("locale")
    .decimals(priceDecimals)
    // A quote stands until the next one.
    .lineInterpolation(LineInterpolation.StepAfter)
    .overrideByName("bid", lineOf(colours.up))
    .overrideByName("ask", lineOf(colours.down))
    .overrideByName("mid", lineOf(colours.neutral, "dash"))
    .withTarget(series(`
      with quote as (
        ${rollup("bid_price, ask_price")}
      ),
      binned as (
        select date_bin('$__interval', time, 'epoch') as bin,
          (array_agg(bid_price order by time))[count(*)::integer] as bid,
          (array_agg(ask_price order by time))[count(*)::integer] as ask
        from quote group by bin
      )
      select bin as time, bid, ask, (bid + ask) / 2 as mid from binned order by time
    `));
