import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  RowBuilder,
  type RowPanel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { imbalance, spread } from "./panels/book.ts";
import { delays } from "./panels/delay.ts";
import { coverage, gaps } from "./panels/gaps.ts";
import { ages, missingCandles } from "./panels/health.ts";
import { returns, symbols } from "./panels/market.ts";
import { origin, price, rowsPerSecond, worstDelay } from "./panels/now.ts";
import { proof } from "./panels/proof.ts";
import { quoteRate, tradeRate } from "./panels/rates.ts";
import { candles, takerFlow } from "./panels/symbol.ts";
import { audit, openGaps, unrepaired, worstAge } from "./panels/wrong.ts";
import { dataSource } from "./query.ts";
import { candleInterval, chosenSymbols, knownGaps, largestSymbols } from "./variables.ts";

/** Grafana 9.4's: newer ones bring older dashboards up to date by themselves, and never the other way about. */
const SCHEMA_VERSION = 37;

/** Points a panel, at most: 1 h is shown by 10 s, 6 h by the minute, 24 h by 5 minutes. */
const POINTS = 300;

/** It must differ from the name of any folder that Grafana ever had, in any case: else Grafana refuses it. */
const TITLE = "Bookline: market and data";

const layout = () =>
  new DashboardBuilder(TITLE)
    .uid("bookline")
    .description("Binance: the market, and the health of the data that shows it.")
    .tags(["bookline", "binance"])
    .timezone("browser")
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(chosenSymbols)
    .withVariable(candleInterval)
    .withVariable(largestSymbols)
    .annotation(knownGaps)
    .withRow(new RowBuilder("Is anything wrong?"))
    .withPanel(origin().span(3).height(3))
    .withPanel(price().span(3).height(3))
    .withPanel(worstAge().span(3).height(3))
    .withPanel(openGaps().span(3).height(3))
    .withPanel(unrepaired().span(3).height(3))
    .withPanel(audit().span(3).height(3))
    .withPanel(worstDelay().span(3).height(3))
    .withPanel(rowsPerSecond().span(3).height(3))
    .withRow(new RowBuilder("Market"))
    .withPanel(symbols().span(12).height(12))
    .withPanel(returns().span(12).height(12))
    .withRow(new RowBuilder("Price and trades"))
    .withPanel(candles().span(24).height(10))
    .withPanel(takerFlow().span(24).height(6))
    .withRow(new RowBuilder("Book"))
    .withPanel(spread().span(12).height(9))
    .withPanel(imbalance().span(12).height(9))
    .withRow(new RowBuilder("How much comes, and how late"))
    .withPanel(tradeRate().span(8).height(9))
    .withPanel(quoteRate().span(8).height(9))
    .withPanel(delays().span(8).height(9))
    .withRow(new RowBuilder("Is the data good?"))
    .withPanel(ages().span(7).height(12))
    .withPanel(coverage().span(10).height(12))
    .withPanel(missingCandles().span(7).height(12))
    .withPanel(gaps().span(24).height(9))
    .withPanel(proof().span(24).height(9));

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
