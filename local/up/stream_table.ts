import { percentile } from "../../shared/telemetry/histogram.ts";
import { formatCount, formatDelay, formatRate } from "./format.ts";
import type { Picture, StreamPicture } from "./picture.ts";
import type { Row, Span } from "./rows.ts";

/** Between columns. */
const GAP = 2;

interface Column {
  readonly heading: string;
  readonly text: (stream: StreamPicture) => string;
  /** Whether the value is bad news. */
  readonly alarms?: (stream: StreamPicture) => boolean;
}

/** Messages of a stream that nobody has any more. */
const lostOf = ({ counts: { dropped, unsent, lost } }: StreamPicture) => dropped + unsent + lost;

/** Messages that are not stored yet, in the producer's memory and on Kafka; null if Kafka can't be asked. */
const waitingOf = ({ counts, behind }: StreamPicture) => behind === null ? null : counts.buffered + behind;

/** What is shown of each stream; the last ones go where there is no room. */
const columns: readonly Column[] = [
  { heading: "messages/s", text: ({ rate }) => formatRate(rate) },
  { heading: "waiting", text: (stream) => formatCount(waitingOf(stream)) },
  { heading: "lost", text: (stream) => formatCount(lostOf(stream)), alarms: (stream) => lostOf(stream) > 0 },
  {
    heading: "rejected",
    text: ({ counts }) => formatCount(counts.rejected),
    alarms: ({ counts }) => counts.rejected > 0,
  },
  { heading: "delay 50 %", text: ({ recentDelays }) => formatDelay(percentile(recentDelays, 0.5)) },
  { heading: "99 %", text: ({ recentDelays }) => formatDelay(percentile(recentDelays, 0.99)) },
  { heading: "rows", text: ({ counts }) => formatCount(counts.rows) },
  { heading: "stored", text: ({ counts }) => formatCount(counts.stored) },
];

/** Whether a stream has done nothing yet: those that workers make may have nothing to do. */
const isIdle = ({ isProduced, counts, behind }: StreamPicture) =>
  !isProduced && counts.stored === 0 && counts.rejected === 0 && !behind;

/** A table with a row a stream. */
export function streamTable({ streams }: Picture, width: number): Row[] {
  const shown = streams.filter((stream) => !isIdle(stream));
  const label = Math.max(0, ...shown.map(({ name }) => name.length));
  let room = width - label;
  const fitting: { column: Column; wide: number }[] = [];
  for (const column of columns) {
    const wide = GAP + Math.max(column.heading.length, ...shown.map((stream) => column.text(stream).length));
    if ((room -= wide) < 0) break;
    fitting.push({ column, wide });
  }
  const heading: Span[] = [
    { text: "".padEnd(label) },
    ...fitting.map(({ column, wide }) => ({ text: column.heading.padStart(wide), style: "dim" as const })),
  ];
  return [
    heading,
    ...shown.map((stream): Row => [
      { text: stream.name.padEnd(label), style: "bold" },
      ...fitting.map(({ column, wide }) => ({
        text: column.text(stream).padStart(wide),
        style: column.alarms?.(stream) ? "alarm" as const : undefined,
      })),
    ]),
  ];
}

/** What is not usual, in words: `2 duplicate, 5 merged (book)`; undefined if nothing is. */
export function unusualWords({ streams }: Picture): string | undefined {
  const words = streams.flatMap(({ name, counts }) => {
    const some = (["merged", "duplicate", "expired", "legacy"] as const).filter((count) => counts[count] > 0);
    return some.length > 0
      ? [`${name} ${some.map((count) => `${formatCount(counts[count])} ${count}`).join(", ")}`]
      : [];
  });
  return words.length > 0 ? words.join("; ") : undefined;
}
