import { percentile } from "../../shared/telemetry/histogram.ts";
import { formatTime } from "./format.ts";
import { gapWords } from "./gap_counts.ts";
import type { Picture, StreamPicture } from "./picture.ts";
import { priceRows } from "./prices.ts";
import { clip, type Part, type Row, stack, wrap } from "./rows.ts";
import { streamTable, unusualWords } from "./stream_table.ts";

/** What the screen shows beside the picture. */
export interface Stage {
  /** What kind of data it is, in a few letters: `SIMULATED`. It is shown at any size. */
  readonly tag: string;
  /** The same in a sentence: `SIMULATED data, not the market: …`. */
  readonly headline: string;
  /** Where things are, by name: `psql`, `Kafka`, `logs`. */
  readonly places: Readonly<Record<string, string>>;
  /** `running`, `stopping: …` */
  readonly doing: string;
  readonly elapsedMs: number;
  /** Absent if the run has no end of its own. */
  readonly durationMs?: number;
}

const LABEL = 10;

/**
 * The picture as it is painted in place: what data it is, a table of streams, gaps, the last prices, where things are, and what is
 * wrong. Fits into so many columns and rows of a terminal: what is wrong and the status are the last to go.
 */
export function renderScreen(picture: Picture, stage: Stage, columns: number, rows: number): Row[] {
  const width = columns - 1;
  const table = streamTable(picture, width);
  const unusual = unusualWords(picture);
  const alarms = picture.troubles.flatMap((text) => wrap(`! ${text}`, width))
    .map((text): Row => [{ text, style: "alarm" }]);
  const parts: Part[] = [
    { rank: 4, rows: () => [[{ text: ` ${stage.headline} `, style: "headline" }]] },
    { rank: 5, rows: (most) => most < 2 ? [] : table },
    { rank: 6, rows: () => [...gapRow(picture), ...unusual ? [labelled("also", unusual)] : []] },
    { rank: 2, rows: (most) => priceRows(picture.prices, width, most) },
    { rank: 3, rows: () => Object.entries(stage.places).map(([name, place]) => labelled(name, place)) },
    { rank: 7, rows: (most) => alarms.slice(0, most) },
    { rank: 8, rows: () => [statusRow(stage)] },
  ];
  return stack(parts, Math.max(1, rows - 1)).map((row) => clip(row, width));
}

const labelled = (name: string, text: string): Row => [
  { text: name.padEnd(LABEL), style: "dim" },
  { text },
];

function gapRow({ gaps }: Picture): Row[] {
  if (!gaps) return [];
  const style = gaps.open > 0 ? "alarm" as const : undefined;
  return [[{ text: "gaps".padEnd(LABEL), style: "dim" }, { text: gapWords(gaps), style }]];
}

function statusRow({ tag, doing, elapsedMs, durationMs }: Stage): Row {
  const of = durationMs === undefined ? "" : ` of ${formatTime(durationMs)}`;
  return [{ text: tag, style: "bold" }, { text: `  ${formatTime(elapsedMs)}${of}  ${doing}`, style: "dim" }];
}

/** The counts that a line of a log has, by their names there. */
const counted = ["received", "produced", "buffered", "merged", "duplicate", "dropped", "unsent"] as const;

function figuresOf({ counts, isProduced, behind, recentDelays }: StreamPicture): [string, number | null][] {
  return [
    ...counted.map((name): [string, number | null] => [name, isProduced ? counts[name] : null]),
    ...(["rejected", "stored", "expired", "rows"] as const).map((name): [string, number | null] => [
      name,
      counts[name],
    ]),
    ["behind", behind],
    ...[0.5, 0.99].map((p): [string, number | null] => [`p${p * 100}_ms`, percentile(recentDelays, p)]),
  ];
}

/** The picture as lines of a log: one a stream, and one of prices. */
export function renderLines(picture: Picture, { elapsedMs }: Pick<Stage, "elapsedMs">): string[] {
  const time = formatTime(elapsedMs);
  const streams = picture.streams.map((stream) => {
    const known = figuresOf(stream).filter(([, figure]) => figure !== null);
    return `${time} ${stream.name}: ${known.map(([name, figure]) => `${name}=${figure}`).join(" ")}`;
  });
  const prices = Object.entries(picture.prices).map(([symbol, price]) => `${symbol}=${price}`).join(" ");
  return [
    ...streams,
    ...picture.gaps ? [`${time} gaps: ${gapWords(picture.gaps)}`] : [],
    ...prices ? [`${time} prices: ${prices}`] : [],
    ...picture.troubles.map((text) => `${time} ! ${text}`),
  ];
}
