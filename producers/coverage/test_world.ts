import type { Coverage as Row } from "../../shared/streams/coverage.ts";
import { createSession } from "./track_session.ts";

/** A message of the exchange, and what became of it. */
export interface Sent {
  readonly feed: string;
  readonly eventTime: number;
  /** Until it is acked it is missing. */
  isStored: boolean;
}

/** What happens in a world. Each takes its time. */
export type Deed =
  | {
    readonly kind: "run" | "cut" | "stalled cut" | "replace" | "torn replace" | "outage" | "stall";
    readonly ms: number;
    readonly lag: number;
  }
  | { readonly kind: "mute" | "partial"; readonly feed: number; readonly ms: number; readonly lag: number }
  | Overflow;

/** So often, after each `ms`, the buffer drops `count` messages behind the `kept` first ones, which Kafka acks then. */
interface Overflow {
  readonly kind: "overflow";
  readonly times: number;
  readonly ms: number;
  readonly count: number;
  readonly kept: number;
  /** Whether rows of coverage are acked meanwhile. */
  readonly tells: boolean;
}

/** The last one seldom speaks. */
export const FEEDS = ["a", "b", "c"];
const STEP = 50;

/** What is on its way on a connection, and the feed that is dead on it alone. */
interface Connection {
  readonly lag: number;
  travelling: { readonly sent: Sent; readonly arrivesAt: number }[];
  omitted?: string;
  isFirstStep: boolean;
  isEnded?: boolean;
}

/** A life of a producer. */
export interface Life {
  readonly deeds: readonly Deed[];
  /** After so many ms. */
  readonly killedAt: number;
  readonly knowsClock: boolean;
  /** How much longer one message of a connection may take than another, in ms. */
  readonly mostDelay: number;
  readonly seed: number;
}

/** A generator of numbers from 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Plays an exchange, connections, a buffer and Kafka until the producer is killed. */
export function play({ deeds, killedAt, knowsClock, mostDelay, seed }: Life) {
  const random = randomFrom(seed);
  const all: Sent[] = [];
  const rows = new Map<string, Row>();
  let now = 1_000_000;
  const end = now + killedAt;
  const buffer: { sent: Sent; push: number }[] = [];
  const outlet = {
    pushed: 0,
    get settled() {
      return buffer[0]?.push ?? outlet.pushed;
    },
  };
  const clock = {
    earliest: () => knowsClock ? now - 100 : -Infinity,
    latest: () => knowsClock ? now + 100 : Infinity,
  };
  const coverage = createSession({
    ...{ session: "s", producer: "p", stream: "book", clock, outlets: [outlet] },
    ...{ feeds: new Map(FEEDS.map((feed) => [feed, feed.toUpperCase()])), judgesSilence: true },
  });
  let connections: Connection[] = [];
  /** Whether messages, and rows of coverage, are acked. */
  const isUp = { messages: true, rows: true };
  let muted: string | undefined;
  let untold: Row[] = [];
  let nextTick = now + 1_000;
  const seen = new Set<Sent>();

  const emit = (feed: string) => {
    const pair = [0, 1].map((): Sent => ({ feed, eventTime: now, isStored: false }));
    for (const [n, sent] of pair.entries()) {
      all.push(sent);
      if (feed === muted) continue;
      for (const { travelling, lag, omitted, isEnded, isFirstStep } of connections) {
        if (isEnded || feed === omitted || isFirstStep && n === 0) continue;
        const before = travelling.findLast((one) => one.sent.feed === feed)?.arrivesAt ?? 0;
        travelling.push({ sent, arrivesAt: Math.max(before, now + lag + random() * mostDelay) });
      }
    }
  };
  const receive = () => {
    for (const [n, connection] of connections.entries()) {
      const arrived = connection.travelling.filter(({ arrivesAt }) => arrivesAt <= now);
      connection.travelling = connection.travelling.filter(({ arrivesAt }) => arrivesAt > now);
      for (const { sent } of arrived.sort((a, b) => a.arrivesAt - b.arrivesAt)) {
        coverage.message(sent.feed, sent.eventTime, n > 0);
        if (!seen.has(sent)) buffer.push({ sent, push: outlet.pushed++ });
        seen.add(sent);
      }
    }
  };
  const send = () => {
    if (isUp.messages) { for (const { sent } of buffer.splice(0)) sent.isStored = true; }
    if (!isUp.rows) return;
    for (const row of untold.splice(0)) {
      const key = `${row.feed} ${row.coveredFrom}`;
      if (row.version > (rows.get(key)?.version ?? 0)) rows.set(key, row);
    }
  };
  /** Goes on for so long, or until the producer is killed. */
  const pass = (ms: number) => {
    for (const until = Math.min(end, now + ms); now < until; now += STEP) {
      for (const feed of FEEDS) if (random() < (feed === "c" ? 0.02 : 0.4)) emit(feed);
      for (const connection of connections) connection.isFirstStep = false;
      receive();
      if (now % 250 === 0) coverage.mark();
      send();
      if (now < nextTick || untold.length > 0) continue;
      untold = coverage.take(1_000_000);
      nextTick = now + 1_000;
      send();
    }
  };
  const connect = (lag: number) => connections.push({ lag, travelling: [], isFirstStep: true });
  const isOver = () => now >= end;
  const cut = (lag: number, ms: number) => {
    connections = [];
    coverage.lost(FEEDS, "lost connection");
    pass(ms);
    connect(lag);
    pass(100);
    coverage.subscribed(FEEDS);
  };
  const replace = (lag: number, ms: number) => {
    const [old] = connections;
    connect(lag);
    pass(1_100 + mostDelay + old.lag + ms);
    if (isOver()) return;
    connections.shift();
    coverage.endReplacing(true);
  };
  /** The first connection breaks off before it has given all that the second lacks. */
  const tear = (lag: number, ms: number) => {
    connect(lag);
    pass(100 + ms % 1_000);
    if (isOver()) return;
    connections[0].travelling = [];
    connections[0].isEnded = true;
    pass(2_000);
    if (isOver()) return;
    connections.shift();
    coverage.lost(FEEDS, "lost connection");
    coverage.endReplacing(true);
    coverage.subscribed(FEEDS);
  };
  const without = (what: readonly (keyof typeof isUp)[], act: () => void) => {
    for (const one of what) isUp[one] = false;
    act();
    if (isOver()) return;
    for (const one of what) isUp[one] = true;
    send();
  };
  const mute = (feed: string, ms: number) => {
    muted = feed;
    pass(8_000 + ms);
    if (isOver()) return;
    coverage.mute([feed]);
    pass(1_100);
    if (isOver()) return;
    muted = undefined;
    if (ms % 2 === 0) coverage.subscribed([feed]);
  };
  const overflow = ({ times, ms, count, kept }: Overflow) => {
    for (let n = 0; n < times && !isOver(); n++) {
      pass(ms);
      for (const { sent, push } of buffer.splice(kept, count)) {
        coverage.dropped(sent.feed, sent.eventTime, push);
      }
      for (const { sent } of buffer.splice(0, kept)) sent.isStored = true;
    }
  };

  const act = (deed: Deed) => {
    switch (deed.kind) {
      case "run":
        return pass(deed.ms);
      case "cut":
        return cut(deed.lag, deed.ms);
      case "stalled cut":
        return without(["messages"], () => {
          cut(deed.lag, deed.ms);
          pass(2_000);
        });
      case "replace":
        return replace(deed.lag, deed.ms);
      case "torn replace":
        return tear(deed.lag, deed.ms);
      case "mute":
        return mute(FEEDS[deed.feed], deed.ms);
      case "partial":
        connections[0].omitted = FEEDS[deed.feed];
        pass(8_000 + connections[0].lag + deed.ms);
        return isOver() ? undefined : replace(deed.lag, 0);
      case "outage":
        return without(["messages", "rows"], () => pass(deed.ms));
      case "stall":
        return without(["messages"], () => pass(deed.ms));
      case "overflow":
        return without(deed.tells ? ["messages"] : ["messages", "rows"], () => overflow(deed));
    }
  };

  connect(0);
  pass(100);
  coverage.subscribed(FEEDS);
  for (const deed of deeds) if (!isOver()) act(deed);
  pass(end - now);
  return { sent: all, rows, end, dead: muted ?? connections[0]?.omitted };
}

/** The intervals of a feed that the rows tell of, as the database takes them once the session is gone. */
export function coveredBy(rows: ReadonlyMap<string, Row>, feed: string): { from: number; to: number }[] {
  const own = [...rows.values()].find((row) => row.feed === "")?.coveredTo ?? 0;
  return [...rows.values()].filter((row) => row.feed === feed).map(({ coveredFrom, coveredTo, reason }) => {
    const reached = Math.max(coveredFrom, own);
    const to = reason === "open" ? reached : reason === "silent" ? Math.min(coveredTo, reached) : coveredTo;
    return { from: coveredFrom, to };
  }).filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
}
