/** Histories of runs of one producer, such as restarts: how to store them, and a plain model of the gaps that they leave. */
import fc from "fast-check";
import { type coverageDatabase, gapsOf, heartbeat, interval, keepGaps } from "./coverage.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** When the runs are judged that go on. */
const END = 55 * MINUTE;

/** `starting`: it was killed before it had subscribed all that it wants. */
const ends = ["stopped", "killed", "starting", "alive"] as const;

/** A run of producer `a`: a letter a symbol, since when and until when in ms, and what became of it then. */
export type Run = readonly [symbols: string, since: number, until: number, end: typeof ends[number]];

const names: Readonly<Record<string, string>> = { B: "BTCUSDT", E: "ETHUSDT", X: "XRPUSDT" };

/** Stores what the runs told, in order of time; after each beginning and end the job runs. Returns the gaps: symbol, since when, until when. */
export async function gapsAfter(
  { sql, store }: Pick<Awaited<ReturnType<typeof coverageDatabase>>, "sql" | "store">,
  ...runs: Run[]
): Promise<string[]> {
  for (const table of ["coverage_data", "coverage_sessions", "stale_feeds", "gap_data"]) {
    await sql`delete from websocket.${sql(table)}`;
  }
  const times = runs.flatMap(([, since, until, end]) => [since, end === "alive" ? END : until]);
  for (const [n, now] of [...new Set(times)].sort((a, b) => a - b).entries()) {
    for (const [index, [symbols, since, until, end]] of runs.entries()) {
      const session = `a/${index}`;
      const hasEnded = end !== "alive" && until <= now;
      if (since > now || hasEnded && until < now) continue;
      const isStopped = hasEnded && end === "stopped";
      const told = isStopped ? [until, "stopped", null, 2] as const : [0, "open", null, 1] as const;
      await store(
        ...[...symbols].map((one) => interval([session, names[one], since, ...told])),
        heartbeat(session, since, now, end === "starting" ? end : told[1], n + 1),
      );
      if (!hasEnded || isStopped) continue;
      await sql`update websocket.coverage_sessions set heard_at = heard_at - interval '7 s' where session = ${session}`;
    }
    await keepGaps(sql);
  }
  await sql`update websocket.stale_feeds set due_at = '-infinity'`;
  await keepGaps(sql);
  return (await gapsOf(sql)).map(({ symbol, from, to }) => told(symbol[0], from, to));
}

const told = (symbol: string, from: number, to: number | null) =>
  `${symbol} ${from / SECOND}-${to === null ? "" : to / SECOND}`;

/** Two to six runs, of which the times are all different. */
export const runs: fc.Arbitrary<Run[]> = fc.array(
  fc.tuple(
    fc.constantFrom("B", "E", "BE", "BE", "BEX", "BEX", "BX"),
    fc.nat(40),
    fc.constantFrom(5, 8, 15, 60, 300, 570, 800, 1_500),
    fc.constantFrom(...ends, "stopped" as const),
  ),
  { minLength: 2, maxLength: 6 },
).map((some) =>
  some.map(([symbols, start, seconds, end], n) => {
    const since = start * 31 * SECOND + n * 10;
    return [symbols, since, since + seconds * SECOND + 5, end];
  })
);

/** The gaps that the runs leave, as `gapsAfter` gives them. */
export function modelGaps(all: readonly Run[]): string[] {
  const lasts = all.map(([symbols, since, until, end], n) => ({
    ...{ n, symbols, since, until: end === "alive" ? Infinity : until, end },
  }));
  type One = typeof lasts[number];
  const has = (one: One, symbol: string) => one.symbols.includes(symbol);
  /** The run that follows: the first that began after its end, or a while before that where it was stopped. */
  const nextOf = (one: One) =>
    lasts.filter((next) =>
      next.end !== "starting" && next.since > one.since && (next.since >= one.until - 2 * SECOND ||
        one.end === "stopped" && next.since >= one.until - 10 * MINUTE && next.until > one.until &&
          [...next.symbols].some((symbol) => has(one, symbol)))
    ).sort((a, b) => a.since - b.since)[0] as One | undefined;
  const isUnsubscribed = (one: One, symbol: string) => {
    const next = nextOf(one);
    if (!next || has(next, symbol)) return false;
    const longest = one.end === "stopped" ? 10 * MINUTE : 10 * SECOND;
    return !lasts.some((other) =>
      other !== one && other !== next && !has(other, symbol) && other.until > one.until - 10 * MINUTE &&
      Math.min(one.until, other.until) - Math.max(one.since, other.since) > longest
    );
  };
  return [..."BEX"].flatMap((symbol) => {
    const own = lasts.filter((one) => has(one, symbol)).sort((a, b) => a.since - b.since);
    const isWanted = (at: number) => {
      const known = own.filter(({ since }) => since <= at);
      return !isUnsubscribed(known.at(-1)!, symbol) ||
        known.some((one) => !isUnsubscribed(one, symbol) && (nextOf(one)?.since ?? Infinity) > at);
    };
    return own.filter(({ until }) =>
      until < Infinity && !own.some((other) => other.since <= until && other.until > until)
    ).sort((a, b) => a.until - b.until)
      .filter((one) => !isUnsubscribed(one, symbol) || isWanted(one.until))
      .map(({ until }) => told(symbol, until, own.find(({ since }) => since > until)?.since ?? null));
  });
}
