import type { Gap } from "../../shared/streams/gap.ts";

/** Streams that came to nothing together. Times are the exchange's, in ms. */
export interface Outage {
  readonly streams: readonly string[];
  /** Of the newest message before it, and of the first one after: `Infinity` where the worker ends without one. */
  readonly from: number;
  readonly to: number;
  /** It is what came before this producer's start. */
  readonly isRestart: boolean;
}

/** A part of an outage in which nobody received anything, and the times of what was received, by stream. */
export interface Silence {
  readonly from: number;
  readonly to: number;
  readonly times: ReadonlyMap<string, readonly number[]>;
}

/** For so long a market may be silent on all streams of a connection, and no producer starts within it, in ms. */
const QUIET_MS = 500;
/** What is looked at of the outage of one that was there before: the part before its end, in ms. */
const END_MS = 1_000;

/**
 * The silence that other producers left of an outage, by the times that the topic holds. Where two lost the exchange together
 * the first to return finds what both missed right before its own return: so the end of an outage tells enough. As their
 * last messages may differ, a silence of half a short outage is one, too. Of two that start together only the first
 * to reach Kafka knows of what was missed, and it may be the last to reach the exchange: it looks at all.
 */
export function findSilence(
  { streams, from, to, isRestart }: Outage,
  times: Silence["times"],
): Silence | undefined {
  const within = streams.flatMap((stream) => times.get(stream) ?? []).filter((time) =>
    from < time && time < to
  );
  within.sort((a, b) => a - b);
  // What is missing after the newest record of all is told at the next start, which begins there.
  const end = to < Infinity ? to : within.at(-1);
  if (end === undefined) return { from, to, times };
  const points = [from, ...within, end];
  const start = isRestart ? from : end - END_MS;
  let longest = isRestart ? QUIET_MS : Math.min(QUIET_MS, (end - from) / 2);
  let silence: Silence | undefined;
  for (let i = 1; i < points.length; i++) {
    const length = points[i] - points[i - 1];
    if (length <= longest || points[i] <= start) continue;
    longest = length;
    silence = { from: points[i - 1], to: points[i], times };
  }
  return silence;
}

/**
 * What is left of a stream's gap when all that was received around the silences is left out of it: a gap for each silence,
 * and one of two between which nothing came on the stream.
 */
export function narrow(gap: Gap, stream: string, silences: readonly Silence[]): Gap[] {
  const times = silences.flatMap(({ times }) => times.get(stream) ?? []);
  const gaps = silences.map(({ from, to }) => {
    let { startedAt, endedAt } = gap;
    for (const time of times) {
      if (time <= from) startedAt = Math.max(startedAt, time);
      if (time >= to) endedAt = Math.min(endedAt, time);
    }
    return { ...gap, startedAt, endedAt };
  });
  return gaps.filter(({ startedAt }, i) => gaps.findIndex((one) => one.startedAt === startedAt) === i);
}
