import type { Coverage as Row } from "../../shared/streams/coverage.ts";
import type { Session, SessionOptions } from "./session.ts";
import { createFrontier, placeOf } from "./frontier.ts";
import { createHoles } from "./holes.ts";
import { closeSpan, type Hole, openSpan, type Span } from "./spans.ts";
import { tellSpans, type Told } from "./tell.ts";

/** Feeds of a connection may differ in their delay by so much, in ms. */
const SKEW_MS = 1_000;
/** A feed that says nothing for longer is not known to be covered, in ms. */
const SILENT_MS = 5_000;
/** Two servers of the exchange may differ in their time by so much, in ms: in the event time of one message, and in what REST says. */
const OFFSET_MS = 50;

/** Why the next message of a feed needs more than to be noted. */
const CLOSED = 1;
/** The interval began by the clock, and its beginning is not told yet. */
const FRESH = 2;
/** The feed was silent as another connection took the place of the first: nobody knows whether it was dead on that. */
const UNSEEN = 4;

/** Places in `line`. */
const NEWEST = 0;
const COUNT = 1;

/** The place of the dead letters among the outlets. */
const LETTERS = 1;

export function createSession(options: SessionOptions): Session {
  const { session, producer, stream, clock, outlets, judgesSilence } = options;
  const names = [...options.feeds.keys()];
  const symbols = [...options.feeds.values()];
  const indices = new Map(names.map((name, i) => [name, i]));
  const spans: Span[][] = names.map(() => []);
  const holes = createHoles(spans);
  /** What was dropped since the last telling, and can be of any feed. */
  let unknown: Hole | undefined;
  /** The number of the push that was dropped last, and of the run of pushes that it belongs to. */
  let lastDropped = -1;
  let run = 0;
  // Numbers in typed arrays are changed in place: a message allocates nothing.
  /** Of each feed, up to when it is known that nothing was missed. */
  const heard = new Float64Array(names.length).fill(-Infinity);
  const flags = new Uint8Array(names.length).fill(CLOSED);
  /** Of each feed, the first and the newest event time on a connection that is to take the place of another. */
  const firstNew = new Float64Array(names.length).fill(Infinity);
  const newestNew = new Float64Array(names.length).fill(-Infinity);
  /** Of each feed, the newest message, and that on a connection that is to take the place of another. */
  const last: unknown[] = names.map(() => undefined);
  const lastNew: unknown[] = names.map(() => undefined);
  /** When a connection took the place of another last. */
  let replacedAt = -Infinity;
  /** The newest event time, and how many messages came. */
  const line = Float64Array.of(-Infinity, 0);
  const frontier = createFrontier(outlets);
  /** How far the connection before had come. This one may lag, and is no better than that until it has come further. */
  let before = -Infinity;
  let countBefore = 0;
  let version = 0;
  /** The feeds of which nothing was told yet. */
  const unnamed = new Set(names.keys());
  let isStopped = false;

  const each = (feeds: Iterable<string>, act: (i: number) => void) => {
    for (const feed of feeds) {
      const i = indices.get(feed);
      if (i !== undefined) act(i);
    }
  };
  const isSilent = (i: number) => judgesSilence && line[NEWEST] - heard[i] > SILENT_MS;
  const open = (i: number, from: number, flag: number) => {
    const start = Math.max(from, (spans[i].at(-1)?.from ?? -1) + 1);
    openSpan(spans[i], start, before - SKEW_MS);
    heard[i] = start;
    flags[i] = flag;
  };
  const close = (i: number, to: number, reason: string) => {
    closeSpan(spans[i], to, reason, placeOf(outlets));
    flags[i] = CLOSED;
  };
  /** Up to when nothing is missing of a feed on a connection that has ended. */
  const endOf = (i: number) =>
    isSilent(i) || line[NEWEST] <= before ? heard[i] : Math.max(heard[i], line[NEWEST] - SKEW_MS);

  /** Ends the interval where the feed spoke last, and begins another after a message. Others of the same ms may have gone by before it. */
  const split = (i: number, eventTime: number) => {
    close(i, heard[i], "mute");
    open(i, eventTime + 1, 0);
  };
  /** What a feed's message changes beside its time. */
  const speak = (i: number, eventTime: number) => {
    if (isStopped) return;
    if (flags[i] & CLOSED) return open(i, eventTime + 1, 0);
    if (flags[i] & UNSEEN) return split(i, eventTime);
    const span = spans[i].at(-1)!;
    if (eventTime + 1 < span.from) heard[i] = span.from = eventTime + 1;
    flags[i] = 0;
  };
  /** Judges what a feed said on the second connection and not on the first. */
  const moveOver = (i: number) => {
    const first = firstNew[i];
    const isBehind = heard[i] < first - OFFSET_MS && line[NEWEST] - first > SKEW_MS;
    if (first === Infinity) { if (!(flags[i] & CLOSED) && isSilent(i)) flags[i] |= UNSEEN; }
    else if (flags[i] & CLOSED) open(i, first + 1, 0);
    else if (isBehind || isSilent(i) || flags[i] & UNSEEN) split(i, first);
    if (newestNew[i] > heard[i]) {
      heard[i] = newestNew[i];
      last[i] = lastNew[i];
    }
  };

  /** Any feed may lack what is not known to be of one. Past its last message it is not known to be covered. */
  const shareUnknown = () => {
    for (let i = 0; unknown && i < names.length; i++) {
      holes.add(i, { ...unknown, from: judgesSilence ? Math.min(unknown.from, heard[i]) : unknown.from });
    }
    unknown = undefined;
  };

  const mark = () => frontier.mark(line[NEWEST] - SKEW_MS);
  const isTold = () => isStopped && spans.every((some) => some.length === 0);
  const row = (i: number, { from, to, reason, dropped }: Told): Row => ({
    ...{ session, producer, feed: names[i], symbol: symbols[i], stream },
    ...{ coveredFrom: from, coveredTo: to, reason, dropped, version },
  });

  return {
    message(feed, eventTime, isNew = false, message) {
      const i = indices.get(feed);
      if (i === undefined) return;
      line[COUNT]++;
      if (isNew) {
        if (eventTime < firstNew[i]) firstNew[i] = eventTime;
        if (eventTime >= newestNew[i]) {
          newestNew[i] = eventTime;
          lastNew[i] = message;
        }
        return;
      }
      if (flags[i] !== 0) speak(i, eventTime);
      if (eventTime >= heard[i]) {
        heard[i] = eventTime;
        last[i] = message;
      }
      if (eventTime > line[NEWEST]) line[NEWEST] = eventTime;
    },
    subscribed(feeds) {
      const from = clock.latest();
      // Where the clock is not known the first message opens the interval.
      if (from < Infinity) each(feeds, (i) => void (flags[i] & CLOSED && open(i, from + OFFSET_MS, FRESH)));
    },
    lost(feeds, reason) {
      before = line[NEWEST];
      each(feeds, (i) => close(i, endOf(i), reason));
    },
    mute: (feeds) => each(feeds, (i) => close(i, heard[i], "mute")),
    endReplacing(isReplaced) {
      if (isReplaced) {
        replacedAt = clock.latest();
        before = line[NEWEST];
        for (let i = 0; i < names.length; i++) moveOver(i);
      }
      firstNew.fill(Infinity);
      newestNew.fill(-Infinity);
    },
    dropped(feed, eventTime, push) {
      // The oldest is dropped first. A batch that is on its way is kept, and what comes after it is dropped.
      if (push !== lastDropped + 1) run++;
      lastDropped = push;
      each([feed], (i) => {
        const place = [push, ...placeOf(outlets).slice(1)];
        holes.add(i, { from: eventTime, to: eventTime + 1, reason: "overflow", dropped: 1, place }, run);
      });
    },
    droppedLetter(push) {
      const { before, after } = frontier.around(LETTERS, push);
      const newest = after ? after.time + SKEW_MS : Math.max(line[NEWEST], clock.earliest());
      unknown ??= { from: before.time, to: 0, reason: "overflow", dropped: null, place: before.place };
      unknown.to = Math.max(unknown.to, newest + SKEW_MS);
    },
    answered(sentAt) {
      // Where messages come, and late, the exchange's time is theirs.
      if (line[COUNT] === countBefore && sentAt > line[NEWEST]) line[NEWEST] = sentAt;
    },
    confirmed: (feed, at) =>
      each([feed], (i) => {
        if (flags[i] & CLOSED || at <= heard[i]) return;
        heard[i] = at;
        if (at >= replacedAt) flags[i] &= ~UNSEEN;
      }),
    silent: () =>
      names.flatMap((feed, i) =>
        flags[i] & CLOSED || !isSilent(i)
          ? []
          : [{ feed, since: heard[i], message: last[i], isUrgent: (flags[i] & UNSEEN) !== 0 }]
      ),
    mark,
    stop() {
      isStopped = true;
      for (let i = 0; i < names.length; i++) close(i, endOf(i), "stopped");
    },
    take(startedAt) {
      version++;
      countBefore = line[COUNT];
      mark();
      const coveredTo = frontier.reach();
      shareUnknown();
      holes.takeOut();
      const rows: Row[] = [];
      for (let i = 0; i < names.length; i++) {
        const told = tellSpans(
          spans[i],
          coveredTo,
          holes.of(i),
          isSilent(i) ? heard[i] : undefined,
          outlets,
        );
        for (const one of told) rows.push(row(i, one));
        if (told.length > 0) unnamed.delete(i);
        flags[i] &= ~FRESH;
      }
      const reason = isTold() ? "stopped" : "open";
      const own = { session, producer, feed: "", symbol: "", stream, coveredFrom: startedAt, coveredTo };
      rows.push({ ...own, reason, dropped: null, version });
      return rows;
    },
    get isTold() {
      return isTold();
    },
    get isNamed() {
      return unnamed.size === 0;
    },
  };
}
