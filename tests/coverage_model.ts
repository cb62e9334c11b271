import fc from "fast-check";
import type { Coverage } from "../shared/streams/coverage.ts";
import { type Gap, heartbeat, interval } from "./coverage.ts";

/** What became of an interval: its last state, and those that were told of it before. */
interface Told {
  readonly symbol: string;
  readonly producer: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly dropped: number | null;
  /** Messages before the last one. */
  readonly before: readonly { readonly to: number; readonly reason: string }[];
}

/** How far a producer's session is covered, and whether it is still heard of. */
interface Session {
  readonly coveredTo: number;
  readonly isAlive: boolean;
}

/** A history of coverage: what producers told, and in which order it arrives, with messages that arrive twice. */
export interface History {
  readonly intervals: readonly Told[];
  readonly sessions: Readonly<Record<string, Session>>;
  /** Messages in parts; the job runs after each. */
  readonly parts: readonly (readonly Coverage[])[];
}

const producers = ["a", "b", "c"];
const symbols = ["BTCUSDT", "ETHUSDT"];
/** A short time, so that intervals touch and overlap. */
const time = fc.nat(40);
const ended = fc.constantFrom("lost connection", "overflow", "stopped", "unsubscribed");

const told: fc.Arbitrary<Told> = fc.record({
  symbol: fc.constantFrom(...symbols),
  producer: fc.constantFrom(...producers),
  from: time,
  length: fc.nat(12),
  reason: fc.oneof(ended, ended, fc.constantFrom("open", "silent")),
  dropped: fc.option(fc.integer({ min: 1, max: 9 })),
  before: fc.array(
    fc.record({ to: fc.nat(50), reason: fc.oneof(fc.constantFrom("open", "silent"), ended) }),
    { maxLength: 2 },
  ),
}).map(({ length, before, ...one }) => ({
  ...one,
  to: one.from + length,
  before: before.map(({ to, reason }) => ({ to: Math.max(to, one.from), reason })),
}));

const session: fc.Arbitrary<Session> = fc.record({ coveredTo: fc.nat(50), isAlive: fc.boolean() });

const named = (producer: string) => `${producer}/1`;

function messagesOf({ symbol, producer, from, to, reason, dropped, before }: Told): Coverage[] {
  return [...before, { to, reason }].map((state, version) =>
    interval([named(producer), symbol, from, state.to, state.reason, dropped, version + 1])
  );
}

/** Histories of three producers and two feeds within some 50 ms. */
export const history: fc.Arbitrary<History> = fc.record({
  intervals: fc.uniqueArray(told, {
    maxLength: 14,
    selector: ({ symbol, producer, from }) => `${symbol} ${producer} ${from}`,
  }),
  sessions: fc.record(Object.fromEntries(producers.map((name) => [name, session])), {
    noNullPrototype: true,
  }),
}).chain(({ intervals, sessions }) => {
  const all = [
    ...intervals.flatMap(messagesOf),
    ...producers.map((name) => heartbeat(named(name), 0, sessions[name].coveredTo, "open", 2)),
    ...producers.map((name) => heartbeat(named(name), 0, Math.min(5, sessions[name].coveredTo), "open", 1)),
  ];
  return fc.record({
    order: fc.shuffledSubarray(all, { minLength: all.length }),
    twice: fc.subarray(all),
    size: fc.integer({ min: 1, max: 20 }),
  }).map(({ order, twice, size }) => {
    const arriving = [...order, ...twice];
    const parts = Array.from(
      { length: Math.ceil(arriving.length / size) },
      (_, n) => arriving.slice(n * size, (n + 1) * size),
    );
    return { intervals, sessions, parts };
  });
});

const isOpen = ({ reason }: { reason: string }) => reason === "open" || reason === "silent";
const isUnwanted = (reason: string) => reason === "unsubscribed" || reason === "delisted";

/** The gaps of a history, by a set of the milliseconds that are covered. */
export function modelGaps({ intervals, sessions }: Pick<History, "intervals" | "sessions">): Gap[] {
  return symbols.flatMap((symbol) =>
    gapsOfFeed(symbol, intervals.filter((one) => one.symbol === symbol), sessions)
  );
}

function gapsOfFeed(symbol: string, intervals: readonly Told[], sessions: History["sessions"]): Gap[] {
  // A feed's gaps begin with its first interval, even if that covers nothing.
  const first = Math.min(...intervals.map(({ from }) => from));
  const known = intervals.map((one) => {
    const { coveredTo, isAlive } = sessions[one.producer];
    // The end of an interval was lost if its session is covered past the beginning of a later one.
    const next = Math.min(
      ...intervals.filter(({ producer, from }) => producer === one.producer && from > one.from)
        .map(({ from }) => from),
    );
    const reached = Math.min(Math.max(one.from, coveredTo), next);
    const to = one.reason === "open" ? reached : one.reason === "silent" ? Math.min(one.to, reached) : one.to;
    const isLive = isOpen(one) && isAlive && next > coveredTo;
    return { ...one, to, isLive, reason: isOpen(one) && !isAlive ? "no heartbeat" : one.reason };
  }).filter(({ from, to, isLive }) => from < to || isLive || from === first);
  if (known.length === 0) return [];
  const covered = new Set<number>();
  for (const { from, to } of known) for (let ms = from; ms < to; ms++) covered.add(ms);
  /** An interval that is to go on ends a gap even before anything is covered of it. */
  const begins = new Set(known.map(({ from }) => from));
  const end = Math.max(...known.map(({ to }) => to));

  const gaps: { from: number; to: number | null }[] = [];
  for (let ms = Math.min(...known.map(({ from }) => from)); ms < end; ms++) {
    if (covered.has(ms)) continue;
    if (gaps.at(-1)?.to === ms && !begins.has(ms)) gaps.at(-1)!.to = ms + 1;
    else gaps.push({ from: ms, to: ms + 1 });
  }
  gaps.push({ from: end, to: null });

  const live = known.filter(({ isLive }) => isLive);
  return gaps.flatMap(({ from, to }): Gap[] => {
    const isPending = live.some((one) => one.to < (to ?? Infinity));
    // Of a session that makes progress the rest will be told.
    if (isPending && to === null && !live.every((one) => one.reason === "silent")) return [];
    const [last] = known.filter((one) => one.to === from)
      .sort((a, b) => (b.dropped ?? 0) - (a.dropped ?? 0) || (a.reason < b.reason ? 1 : -1));
    if (isUnwanted(last.reason) && !isWanted(intervals, from)) return [];
    const state = isPending ? "unknown" : to === null ? "open" : "lost";
    const reason = last.reason === "open" ? "no progress" : last.reason;
    return [{ symbol, from, to, state, reason, dropped: last.dropped }];
  });
}

/** Whether some producer's last interval until then did not end because the feed was not wanted any more. */
function isWanted(intervals: readonly Told[], until: number): boolean {
  return producers.some((producer) => {
    const own = intervals.filter((one) => one.producer === producer && one.from <= until);
    const last = own.sort((a, b) => b.from - a.from)[0];
    return last !== undefined && !isUnwanted(last.reason);
  });
}
