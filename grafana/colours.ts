import type { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";

/** Colours with a meaning. Up and down differ in lightness too, for people who can't distinguish green and red. */
export const colours = { up: "#2ebd85", down: "#e0294a", neutral: "#8e8e99", warning: "#ff9830" };

/** What gaps are marked with: pale, so that what is drawn in a band stays visible. */
export const bandColour = "super-light-orange";

/** Colours of symbols. None is green, orange or red, as these have a meaning. */
const palette = [
  "#5794f2",
  "#b877d9",
  "#56c8d8",
  "#c4b998",
  "#8ab8ff",
  "#8f3bb8",
  "#2f8fa8",
  "#e3c1f0",
  "#3b5fc9",
  "#9c8a6b",
  "#9fb4c7",
  "#d683ce",
] as const;

/** The usual symbols, each with a colour of its own: the nth of the palette. */
const usual = [
  "BTCUSDT",
  "ETHUSDT",
  "BNBUSDT",
  "XRPUSDT",
  "SOLUSDT",
  "ADAUSDT",
  "DOGEUSDT",
  "POLUSDT",
  "DOTUSDT",
  "AVAXUSDT",
];

/** The letters whose places in the alphabet leave that rest, as a class of a regular expression. What is no letter goes with the rest 0. */
function letters(divisor: number, rest: number): string {
  const of = (belongs: (place: number) => boolean) =>
    Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ").filter((_, place) => belongs(place % divisor)).join("");
  return rest === 0 ? `[^${of((other) => other !== 0)}]` : `[${of((other) => other === rest)}]`;
}

/** Which colour a symbol has follows from its first two letters, so it is the same in all panels. */
export const colourRules: readonly { readonly pattern: string; readonly colour: string }[] = palette.map((
  colour,
  nth,
) => ({ colour, pattern: `/^${letters(4, nth % 4)}${letters(3, nth % 3)}/` }));

/** The colours of the symbols that are usually read. */
export const usualColours: Readonly<Record<string, string>> = Object.fromEntries(
  usual.map((symbol, nth) => [symbol, palette[nth]]),
);

/** Gives each symbol's line its own colour, whatever other lines there are. */
export function colouredBySymbol(panel: TimeSeries): TimeSeries {
  const fixed = (fixedColor: string) => [{ id: "color", value: { mode: "fixed", fixedColor } }];
  for (const { pattern, colour } of colourRules) panel.overrideByRegexp(pattern, fixed(colour));
  for (const [symbol, colour] of Object.entries(usualColours)) panel.overrideByName(symbol, fixed(colour));
  return panel;
}
