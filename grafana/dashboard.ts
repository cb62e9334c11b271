import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  IntervalVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type RowPanel,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { imbalance, spread } from "./panels/book.ts";
import { coverage, gaps } from "./panels/gaps.ts";
import { ages, delays, missingCandles, rates } from "./panels/health.ts";
import { returns, symbols } from "./panels/market.ts";
import { bestBidAndAsk, candles } from "./panels/symbol.ts";
import { chosen, dataSource, schema, table } from "./query.ts";

/** Grafana 9.4's: newer ones bring older dashboards up to date by themselves, and never the other way about. */
const SCHEMA_VERSION = 37;

/** Points a panel, at most: 1 h is shown by 10 s, 6 h by the minute, 24 h by 5 minutes. */
const POINTS = 300;

const chosenSymbols = new QueryVariableBuilder("symbol")
  .label("Symbols")
  .datasource(dataSource)
  .query(`select symbol from ${schema}.symbols order by symbol`)
  .refresh(VariableRefresh.OnTimeRangeChanged)
  .multi(true)
  .includeAll(true)
  .current({ text: ["BTCUSDT", "ETHUSDT"], value: ["BTCUSDT", "ETHUSDT"] });

const candleInterval = new IntervalVariableBuilder("interval")
  .label("Candles")
  .values("1m,5m,15m,1h,4h,1d")
  .auto(true)
  .stepCount(200)
  .minInterval("1m")
  .current({ text: "auto", value: "$__auto_interval_interval" });

const knownGaps = new AnnotationQueryBuilder()
  .name("Gaps")
  .datasource(dataSource)
  .enable(true)
  .iconColor("orange")
  .target(table(`
    select started_at as time, coalesce(ended_at, now()) as timeend, feed || ': ' || reason || ', ' || state as text
    from ${schema}.gap_data
    where ${chosen} and started_at <= $__timeTo() and coalesce(ended_at, 'infinity') >= $__timeFrom()
    order by started_at desc limit 200
  `));

const layout = () =>
  new DashboardBuilder("Bookline")
    .uid("bookline")
    .description("Binance: the market, and the health of the data that shows it.")
    .tags(["bookline", "binance"])
    .timezone("browser")
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(chosenSymbols)
    .withVariable(candleInterval)
    .annotation(knownGaps)
    .withRow(new RowBuilder("Market"))
    .withPanel(symbols().span(12).height(11))
    .withPanel(returns().span(12).height(11))
    .withRow(new RowBuilder("$symbol").repeat("symbol"))
    .withPanel(candles().span(14).height(12))
    .withPanel(bestBidAndAsk().span(10).height(12))
    .withRow(new RowBuilder("Book"))
    .withPanel(spread().span(12).height(9))
    .withPanel(imbalance().span(12).height(9))
    .withRow(new RowBuilder("Is the data good?"))
    .withPanel(ages().span(8).height(11))
    .withPanel(missingCandles().span(8).height(11))
    .withPanel(coverage().span(8).height(11))
    .withPanel(gaps().span(24).height(9))
    .withPanel(rates().span(12).height(9))
    .withPanel(delays().span(12).height(9));

/** The dashboard as classic JSON, for Grafana 9.4 and later. */
export function dashboard(): Dashboard {
  const built = layout().build();
  return { ...built, schemaVersion: SCHEMA_VERSION, panels: built.panels?.map(placed) };
}

/** What every panel has in common; ids count from 1, as Grafana wants them to differ. */
function placed(panel: Panel | RowPanel, index: number): Panel | RowPanel {
  if (panel.type === "row") return { ...panel, id: index + 1 };
  return { ...panel, id: index + 1, datasource: dataSource, maxDataPoints: POINTS, interval: "1s" } as Panel;
}
