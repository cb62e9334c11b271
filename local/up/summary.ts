import { merge, percentile } from "../../shared/histogram.ts";
import type { Feed } from "./feed.ts";
import type { Picture } from "./picture.ts";
import { formatCount, formatDelay } from "./screen.ts";

/** The figures of a run as `--json` prints them. */
export function toJson(feed: Feed, { streams }: Picture) {
  const { p50, p99 } = overall(streams);
  return {
    feed: feed.kind === "file" ? feed.file : feed.kind,
    streams: Object.fromEntries(streams.map(({ name, counts }) => {
      const { received, produced, rejected, dropped, merged, duplicate, stored, rows } = counts;
      return [name, { received, produced, rejected, dropped, merged, duplicate, stored, rows }];
    })),
    delay_ms: { p50, p99 },
  };
}

function overall(streams: Picture["streams"]) {
  const delays = merge(streams.map(({ delays }) => delays));
  return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) };
}

/** What a run did, in sentences: one a stream. */
export function toSentences({ streams }: Picture): string[] {
  return streams.map(({ name, counts }) => {
    const more = (["merged", "duplicate", "dropped", "rejected", "expired"] as const)
      .filter((count) => counts[count] > 0).map((count) => `${formatCount(counts[count])} ${count}`);
    const did = [
      `${formatCount(counts.received)} received`,
      `${formatCount(counts.produced)} produced`,
      ...more,
      `${formatCount(counts.stored)} stored`,
    ].join(", ");
    return `${name}: ${did}; the table has ${formatCount(counts.rows)} rows`;
  }).concat((({ p50, p99 }) =>
    p50 === null ? [] : [
      `From receipt to the committed row: ${formatDelay(p50)} for half of the messages, ${
        formatDelay(p99)
      } for 99 %`,
    ])(overall(streams)));
}
