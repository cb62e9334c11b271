import {
  CandlestickColorsBuilder,
  CandlestickFieldMapBuilder,
  PanelBuilder as Candlestick,
  VizDisplayMode,
} from "@grafana/grafana-foundation-sdk/candlestick";
import {
  AxisPlacement,
  GraphDrawStyle,
  StackingConfigBuilder,
  StackingMode,
} from "@grafana/grafana-foundation-sdk/common";
import { colours } from "../colours.ts";
import { largest, schema, series } from "../query.ts";
import { lineOf, linePanel, NOTHING, priceDecimals } from "../style.ts";

/** How many symbols stand beside each other. */
const BESIDE = 4;

/** One symbol's candles. They are added up from those of a minute, of whole intervals from the first one on. */
export const candles = () =>
  new Candlestick()
    .title("$largest, candles of $interval")
    .description(
      "Open, high, low and close, added up from the candles of a minute. Intervals begin as the exchange's do, in UTC; the last " +
        "candle is still moving. Of many symbols only the first twelve have panels: under All those of the greatest volume.",
    )
    .noValue(NOTHING)
    .repeat("largest").repeatDirection("h").maxPerRow(BESIDE)
    .unit("locale")
    .decimals(priceDecimals)
    .mode(VizDisplayMode.Candles)
    .colors(new CandlestickColorsBuilder().up(colours.up).down(colours.down).flat(colours.neutral))
    .fields(new CandlestickFieldMapBuilder().open("open").high("high").low("low").close("close"))
    .withTarget(series(`
      select open_time as time, open, high, low, close
      from unnest(${largest}) as symbol,
        ${schema}.candles(symbol, '$interval', $__timeFrom(), $__timeTo())
      order by time
    `));

/** What one symbol's takers bought and sold in each candle, and the difference added up. */
export const takerFlow = () =>
  linePanel(
    "$largest, volume by taker side",
    "Base volume of each candle by the side that took: bought (up) and sold (down), from the trades, and the cumulative difference " +
      "since the start of the range. A candle that trades are missing of has no more than what is stored.",
  )
    .repeat("largest").repeatDirection("h").maxPerRow(BESIDE)
    .unit("short")
    .drawStyle(GraphDrawStyle.Bars)
    .lineWidth(0)
    .fillOpacity(80)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"))
    .overrideByName("bought", lineOf(colours.up))
    .overrideByName("sold", lineOf(colours.down))
    .overrideByName(
      "delta",
      lineOf(colours.neutral, {
        drawStyle: GraphDrawStyle.Line,
        lineWidth: 1,
        fillOpacity: 0,
        axisPlacement: AxisPlacement.Right,
        axisLabel: "cumulative",
        stacking: { mode: StackingMode.None, group: "B" },
      }),
    )
    .withTarget(series(`
      select open_time as time,
        case when open is not null then taker_buy_base_volume end as bought,
        case when open is not null then taker_buy_base_volume - volume end as sold,
        case when open is not null then sum(2 * taker_buy_base_volume - volume) over (order by open_time) end as delta
      from unnest(${largest}) as symbol,
        ${schema}.bars(symbol, least(interval '$interval', interval '1 day'), $__timeFrom(), $__timeTo())
      order by time
    `));
