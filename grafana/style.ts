import type { cog } from "@grafana/grafana-foundation-sdk";
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  type TableSortByFieldState,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { type DynamicConfigValue, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import type { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";

/** Up and down differ in lightness too, for people who can't distinguish green and red. */
export const colours = { up: "#2ebd85", down: "#e0294a", neutral: "#8e8e99", warning: "#ff9830" };

/** With the unit `locale`: as many decimals as a price has, and no zeros after them. */
export const priceDecimals = 8;

/** How a table shows a column. */
export function column(unit: string, decimals?: number): DynamicConfigValue[] {
  const properties = [{ id: "unit", value: unit }];
  return decimals === undefined ? properties : [...properties, { id: "decimals", value: decimals }];
}

export const price = column("locale", priceDecimals);

/** A change in percent: green from 0 on, red below. */
export const risesAndFalls: DynamicConfigValue[] = [
  ...column("percent", 2),
  ...coloured("color-text", [[null, colours.down], [0, colours.up]]),
  { id: "noValue", value: "–" },
];

/** A measure that is bad when it is large: a warning from the first step on, red from the second on. */
export function alarm(
  unit: string,
  [warning, bad]: [number, number],
  whenNull?: string,
): DynamicConfigValue[] {
  const background = coloured("color-background", [
    [null, colours.up],
    [warning, colours.warning],
    [bad, colours.down],
  ]);
  const nothing = {
    type: "special",
    options: { match: "null", result: { text: whenNull, color: colours.down } },
  };
  return [
    ...column(unit, 0),
    ...background,
    ...(whenNull === undefined ? [] : [{ id: "mappings", value: [nothing] }]),
  ];
}

/** Grafana 9.4 knows no other way to name a cell's display than `displayMode`; later ones migrate it. */
function coloured(displayMode: string, steps: [number | null, string][]): DynamicConfigValue[] {
  const thresholds = steps.map(([value, color]) => ({ value, color }));
  return [
    { id: "custom.displayMode", value: displayMode },
    { id: "thresholds", value: { mode: ThresholdsMode.Absolute, steps: thresholds } },
    { id: "color", value: { mode: "thresholds" } },
  ];
}

/** Sorted by that column at first, the greatest on top. */
export function sortedBy(displayName: string): cog.Builder<TableSortByFieldState>[] {
  return [{ build: () => ({ displayName, desc: true }) }];
}

/** A market may be quiet for so long: a line is drawn across it, in ms. */
const QUIET_MS = 300_000;

/** Thin lines that show the difference between a hole and a steady value, with a tooltip of all series in that order of their values. */
export function lines(panel: TimeSeries, order: "desc" | "none"): TimeSeries {
  return panel
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(QUIET_MS)
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(
        order === "desc" ? SortOrder.Descending : SortOrder.None,
      ),
    )
    .legend(
      new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(
        LegendPlacement.Bottom,
      ),
    );
}

/** A series' own colour, and dashes if any. */
export function lineOf(colour: string, dashes?: "dash" | "dot"): DynamicConfigValue[] {
  const own = { id: "color", value: { mode: "fixed", fixedColor: colour } };
  const patterns = { dash: [10, 10], dot: [0, 10] };
  return dashes ? [own, { id: "custom.lineStyle", value: { fill: dashes, dash: patterns[dashes] } }] : [own];
}
