import type { Gap } from "../../shared/streams/gap.ts";

/** Feeds on which nothing came, all for the same reason. Times are the exchange's, in ms. */
export interface Outage {
  readonly streams: readonly string[];
  /** The times of the newest message before the outage and of the first one after it; `Infinity` if the worker ends without one. */
  readonly from: number;
  readonly to: number;
  /** The outage ended with this producer's start. */
  readonly isRestart: boolean;
}

/** A part of an outage in which nobody received anything, and the times of what was received, by feed. */
export interface Silence {
  readonly from: number;
  readonly to: number;
  readonly times: ReadonlyMap<string, readonly number[]>;
}

/** A market may be silent for so long on all feeds of a connection, and no producer starts faster. In ms. */
const QUIET_MS = 500;
/** The last part of an outage, in ms. Only this part is examined, unless the producer has just started. */
const END_MS = 1_000;

/**
 * The part of an outage in which nobody received anything, by the times that the topic holds. If two producers lost the exchange
 * together, the first one to return finds what both missed right before its own return: the end of an outage is enough to examine.
 * As the last messages of the two may differ, half of a short outage counts as a silence, too. If two producers start together, only
 * the first to reach Kafka knows what was missed, and it may be the last to reach the exchange: it examines the whole outage.
 */
export function findSilence(
  { streams, from, to, isRestart }: Outage,
  times: Silence["times"],
): Silence | undefined {
  const within = streams.flatMap((stream) => times.get(stream) ?? []).filter((time) =>
    from < time && time < to
  );
  within.sort((a, b) => a - b);
  // What is missing after the newest record of all is recorded at the next start, which begins there.
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
 * The parts of a feed's gap in which nobody received anything: one gap for each silence, and one for two silences between which nothing
 * came on the feed.
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
