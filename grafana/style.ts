import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { type DynamicConfigValue, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import { colouredBySymbol, colours } from "./colours.ts";

/**
 * What a panel or a cell shows that has nothing to show. Grafana shows it too while Postgres is down, and in empty cells of a full
 * row, so it must not say why.
 */
export const NOTHING = "–";

/** With the unit `locale`: as many decimals as a price has, and no zeros after them. */
export const priceDecimals = 8;

/** Month, day and time of day: short enough for a column. */
export const SHORT_TIME = "time:MM-DD HH:mm:ss";

/** How a table shows a column: its width in pixels, its unit if any. */
export function column(width: number, unit?: string, decimals?: number): DynamicConfigValue[] {
  return [
    { id: "custom.width", value: width },
    ...unit === undefined ? [] : [{ id: "unit", value: unit }],
    ...decimals === undefined ? [] : [{ id: "decimals", value: decimals }],
  ];
}

/** A column that takes the width that is left, but never less than that, in pixels. */
export const wideColumn = (least: number): DynamicConfigValue[] => [{ id: "custom.minWidth", value: least }];

/** A change in percent: green from 0 on, red below. */
export const risesAndFalls = (width: number): DynamicConfigValue[] => [
  ...column(width, "percent", 2),
  ...coloured("color-text", [[null, colours.down], [0, colours.up]]),
];

/** A measure that is bad when it is large: a warning from the first step on, red from the second on. */
export function alarm(
  width: number,
  unit: string,
  [warning, bad]: [number, number],
  whenNull?: string,
): DynamicConfigValue[] {
  const nothing = {
    type: "special",
    options: { match: "null", result: { text: whenNull, color: colours.down } },
  };
  return [
    ...column(width, unit, 0),
    ...coloured("color-background", [[null, colours.up], [warning, colours.warning], [bad, colours.down]]),
    ...(whenNull === undefined ? [] : [{ id: "mappings", value: [nothing] }]),
  ];
}

/** A share in percent that is bad when it is not all. */
export const share = (width: number): DynamicConfigValue[] => [
  ...column(width, "percent", 2),
  ...coloured("color-text", [[null, colours.down], [99, colours.warning], [100, colours.up]]),
];

/** Grafana 9.4 knows no other way to name a cell's display than `displayMode`; later ones migrate it. */
function coloured(displayMode: string, steps: [number | null, string][]): DynamicConfigValue[] {
  return [
    { id: "custom.displayMode", value: displayMode },
    { id: "thresholds", value: thresholds(steps) },
    { id: "color", value: { mode: "thresholds" } },
  ];
}

/** Colours from a value on; null is from the least value on. */
export function thresholds(steps: readonly (readonly [number | null, string])[]) {
  return { mode: ThresholdsMode.Absolute, steps: steps.map(([value, color]) => ({ value, color })) };
}

/** A table whose rows stay where the query puts them. */
export const tablePanel = (title: string, description: string): Table =>
  new Table().title(title).description(description).noValue(NOTHING);

/** A panel of lines, with a tooltip of all series. A line ends where there is no value. */
export function linePanel(title: string, description: string): TimeSeries {
  return new TimeSeries()
    .title(title)
    .description(description)
    .noValue(NOTHING)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(false)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(
      new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(
        LegendPlacement.Bottom,
      ),
    );
}

/** A panel of a line a symbol, in the symbol's own colour. */
export const symbolLines = (title: string, description: string): TimeSeries =>
  colouredBySymbol(linePanel(title, description));

/** A series' own colour, and more of how it is drawn. */
export function lineOf(colour: string, custom: Record<string, unknown> = {}): DynamicConfigValue[] {
  const own = { id: "color", value: { mode: "fixed", fixedColor: colour } };
  return [own, ...Object.entries(custom).map(([name, value]) => ({ id: `custom.${name}`, value }))];
}
