import { percentile } from "../../shared/telemetry/histogram.ts";
import { gapWords } from "./gap_counts.ts";
import type { Picture, StreamPicture } from "./picture.ts";

/** A piece of a line, as plain text. */
export interface Span {
  readonly text: string;
  readonly style?: "bold" | "dim" | "alarm";
}
export type Row = readonly Span[];

/** What the screen shows beside the picture. */
export interface Stage {
  /** `running`, `stopping: …` */
  readonly doing: string;
  readonly elapsedMs: number;
  /** Absent if the run has no end of its own. */
  readonly durationMs?: number;
}

const LABEL = 12;
const NUMBER = 13;
/** Between the table and the prices, and between columns of prices. */
const GAP = 5;

/** What a table row shows of a stream; `alarms` where anything but zero is bad news. */
const lines: {
  readonly label: string;
  readonly value: (stream: StreamPicture) => number | null;
  readonly alarms?: true;
}[] = [
  ...(["received", "produced", "buffered", "merged", "duplicate", "dropped", "unsent"] as const).map((
    name,
  ) => ({
    label: name,
    value: ({ counts, isProduced }: StreamPicture) => isProduced ? counts[name] : null,
    alarms: name === "dropped" || name === "unsent" ? true as const : undefined,
  })),
  { label: "rejected", value: ({ counts }) => counts.rejected, alarms: true },
  { label: "stored", value: ({ counts }) => counts.stored },
  { label: "expired", value: ({ counts }) => counts.expired },
  { label: "rows", value: ({ counts }) => counts.rows },
  { label: "behind", value: ({ behind }) => behind },
];

/**
 * The picture as it is painted in place: a table of counts, a column a stream, with the last prices beside it, and what is
 * wrong below. Fits into so many columns and rows of a terminal.
 */
export function renderScreen(picture: Picture, stage: Stage, columns: number, rows: number): Row[] {
  const { troubles, gaps } = picture;
  const streams = shownOf(picture, columns);
  const table: Span[][] = [
    [
      { text: "".padEnd(LABEL) },
      ...streams.map(({ name }) => ({ text: name.padStart(NUMBER), style: "bold" as const })),
    ],
    ...lines.map(({ label, value, alarms }) => [
      { text: label.padEnd(LABEL), style: "dim" as const },
      ...streams.map((stream) => {
        const number = value(stream);
        const style = alarms && number ? "alarm" as const : undefined;
        return { text: formatCount(number).padStart(NUMBER), style };
      }),
    ]),
    ...[0.5, 0.99].map((p) => [
      { text: `delay p${p * 100}`.padEnd(LABEL), style: "dim" as const },
      ...streams.map(({ recentDelays }) => ({
        text: formatDelay(percentile(recentDelays, p)).padStart(NUMBER),
      })),
    ]),
  ];
  const width = columns - LABEL - streams.length * NUMBER;
  const prices = priceColumns(picture.prices, width, table.length);
  const screen: Row[] = [
    [],
    ...table.map((row, i) => [...row, ...prices[i] ?? []]),
    [],
    ...gaps
      ? [[
        { text: "gaps".padEnd(LABEL), style: "dim" as const },
        { text: gapWords(gaps), style: gaps.open > 0 ? "alarm" as const : undefined },
      ]]
      : [],
    ...troubles.map((text): Row => [{ text: `! ${text}`, style: "alarm" }]),
    [{ text: status(stage), style: "dim" }],
  ];
  return screen.slice(0, rows - 1).map((row) => clip(row, columns - 1));
}

/** Streams that are not the exchange's are left out, the last one first, while there is no room for them and a column of prices. */
function shownOf({ streams, prices }: Picture, columns: number): readonly StreamPicture[] {
  const [cell] = alignPrices(prices);
  const price = cell ? GAP + widthOf(cell.symbol) + 1 + cell.price.length : 0;
  const room = Math.floor((columns - LABEL - price - 1) / NUMBER);
  return streams.filter(({ isProduced }, i) => isProduced || i < room);
}

/** The picture as lines of a log: one a stream, and one of prices. */
export function renderLines(picture: Picture, stage: Stage): string[] {
  const time = formatTime(stage.elapsedMs);
  const streams = picture.streams.map((stream) => {
    const figures = [
      ...lines.map(({ label, value }) => [label, value(stream)]),
      ...[0.5, 0.99].map((p) => [`p${p * 100}_ms`, percentile(stream.recentDelays, p)]),
    ];
    const known = figures.filter(([, figure]) => figure !== null).map(([label, figure]) =>
      `${label}=${figure}`
    );
    return `${time} ${stream.name}: ${known.join(" ")}`;
  });
  const prices = Object.entries(picture.prices).map(([symbol, price]) => `${symbol}=${price}`).join(" ");
  return [
    ...streams,
    ...picture.gaps ? [`${time} gaps: ${gapWords(picture.gaps)}`] : [],
    ...prices ? [`${time} prices: ${prices}`] : [],
    ...picture.troubles.map((text) => `${time} ! ${text}`),
  ];
}

/** As many columns of prices as there is room for, aligned by their points; a last cell says how many more there are. */
function priceColumns(prices: Picture["prices"], width: number, height: number): Span[][] {
  const cells = alignPrices(prices);
  if (cells.length === 0) return [];
  const wide = GAP + widthOf(cells[0].symbol) + 1 + cells[0].price.length;
  const room = Math.max(0, Math.floor((width - 1) / wide)) * height;
  const shown = cells.length <= room ? cells : cells.slice(0, Math.max(0, room - 1));
  const spans = shown.map(({ symbol, price }): Span[] => [
    { text: " ".repeat(GAP) + symbol + " ", style: "dim" },
    { text: price },
  ]);
  if (shown.length < cells.length && room > 0) {
    const more = `and ${cells.length - shown.length} more`;
    spans.push([{ text: (" ".repeat(GAP) + more).padEnd(wide), style: "dim" }]);
  }
  const rows = Math.min(height, spans.length);
  return Array.from({ length: rows }, (_, row) => spans.filter((_, i) => i % height === row).flat());
}

function alignPrices(prices: Picture["prices"]): { symbol: string; price: string }[] {
  const split = Object.entries(prices).map(([symbol, price]) => {
    const [whole, decimals] = price.split(".");
    return { symbol, whole, decimals: decimals === undefined ? "" : `.${decimals}` };
  });
  const longest = (part: "symbol" | "whole" | "decimals") =>
    Math.max(...split.map((one) => one[part].length));
  return split.map(({ symbol, whole, decimals }) => ({
    symbol: symbol.padEnd(longest("symbol")),
    price: whole.padStart(longest("whole")) + decimals.padEnd(longest("decimals")),
  }));
}

function status({ doing, elapsedMs, durationMs }: Stage): string {
  const of = durationMs === undefined ? "" : ` of ${formatTime(durationMs)}`;
  return `${formatTime(elapsedMs)}${of}  ${doing}`;
}

/** `1234567` → `1,234,567` */
export function formatCount(count: number | null): string {
  return count === null ? "–" : count.toLocaleString("en-US");
}

/** In ms or s, in three digits or so. */
export function formatDelay(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 1_000 ? `${ms < 100 ? ms : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** `00:01:30` */
export function formatTime(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

/** Cuts a row off at the terminal's edge, past which it would be two. */
function clip(row: Row, columns: number): Row {
  let room = columns;
  return row.map(({ text, style }) => {
    let cut = "";
    for (const letter of text) {
      room -= widthOf(letter);
      if (room >= 0) cut += letter;
    }
    return { text: cut, style };
  });
}

/** Letters that terminals show two columns wide: 币安人生USDT is a symbol. Unicode: East Asian Width, W and F. */
const wideLetters =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/gu;

/** How many columns a text takes up. */
function widthOf(text: string): number {
  return text.length + (text.match(wideLetters)?.length ?? 0);
}
