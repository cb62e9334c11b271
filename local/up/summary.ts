import { merge, percentile } from "../../shared/telemetry/histogram.ts";
import { auditWords, exchangeAuditWords } from "./audit_counts.ts";
import type { Feed } from "./feed.ts";
import { gapWords } from "./gap_counts.ts";
import type { Picture } from "./picture.ts";
import type { Counts } from "./totals.ts";
import { formatCount, formatDelay } from "./format.ts";

/** The figures of a run as `--json` prints them. */
export function toJson(feed: Feed, picture: Picture) {
  const { streams, gaps, audit } = picture;
  const { p50, p99 } = overall(streams);
  return {
    feed: nameOf(feed),
    streams: Object.fromEntries(streams.map(({ name, counts }) => {
      const { received, produced, rejected, dropped, merged, duplicate, stored, rows } = counts;
      return [name, { received, produced, rejected, dropped, merged, duplicate, stored, rows }];
    })),
    delay_ms: { p50, p99 },
    gaps,
    audit,
    unsent: unsentOf(picture),
    restarts: picture.restarts,
  };
}

function nameOf(feed: Feed): string {
  if (feed.kind === "file") return feed.file;
  return feed.kind === "host" ? feed.host : feed.kind;
}

function overall(streams: Picture["streams"]) {
  const delays = merge(streams.map(({ delays }) => delays));
  return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) };
}

/** Messages that ended with the memory of their producers, since Kafka could not be reached or the producer was killed. */
export function unsentOf({ streams }: Picture): number {
  return streams.reduce((sum, { counts }) => sum + counts.unsent, 0);
}

/** Messages that are nowhere but in the memory of their producers now. */
export function bufferedOf({ streams }: Picture): number {
  return streams.reduce((sum, { counts }) => sum + counts.buffered, 0);
}

/** The sentence about messages that were in memory at the end and are lost; nothing if there were none. */
export function lostWords(count: number): string | undefined {
  return count === 0
    ? undefined
    : `${formatCount(count)} messages were only in the producers' memory and are lost`;
}

/** What a run did, in sentences. */
export function toSentences({ streams, gaps, audit }: Picture): string[] {
  const sentences = streams.flatMap(({ name, isProduced, counts }) => {
    const named = (...names: (Exclude<keyof Counts, "rows">)[]) =>
      names.map((count) => `${formatCount(counts[count])} ${count}`);
    const unusual =
      (["merged", "duplicate", "dropped", "rejected", "expired", "legacy", "lost", "unsent"] as const)
        .filter((count) => counts[count] > 0);
    const did = [...isProduced ? named("received", "produced") : [], ...named(...unusual, "stored")];
    // Of streams that workers make it is said only what was stored.
    if (!isProduced && unusual.length === 0 && counts.stored === 0) return [];
    return `${name}: ${did.join(", ")}; the table has ${formatCount(counts.rows)} rows`;
  });
  if (gaps) sentences.push(`Gaps in the ledger: ${gapWords(gaps)}`);
  if (audit) {
    sentences.push(`Candles beside the sums of their trades: ${auditWords(audit)}`);
    sentences.push(`Candles beside the exchange's own: ${exchangeAuditWords(audit)}`);
  }
  const { p50, p99 } = overall(streams);
  if (p50 === null) return sentences;
  const delay = `${formatDelay(p50)} for half of the messages, ${formatDelay(p99)} at most for 99 %`;
  return [...sentences, `From receipt to the committed row: ${delay}`];
}
