import type { Outgoing } from "../../shared/kafka/mod.ts";
import type { Log } from "../../shared/log.ts";
import type { Gap } from "../../shared/streams/gap.ts";
import { createGapLog } from "./gap_log.ts";
import { createLedger, type Reason } from "./ledger.ts";
import { createDroppedRuns } from "./dropped_runs.ts";
import { createLosses } from "./losses.ts";
import type { Outlet } from "../../shared/outlet/outlet.ts";
import { narrow, type Silence } from "./silence.ts";
import type { Mark, OtherProducers } from "./other_producers.ts";

/** How often the drops of a buffer that stays full are sent, in ms. If the process is killed, what is not sent is never recorded. */
const TELL_MS = 5_000;

const HOUR_MS = 3_600_000;

/** Sends the gaps of a stream to their topic, except what another producer received. */
export interface GapKeeper {
  /** A good message came on the feed, with the exchange's time in ms. */
  seen(stream: string, eventTime: number): void;
  /** These feeds are subscribed. */
  subscribed(streams: readonly string[]): void;
  /** Nothing comes on these feeds any more. */
  lost(streams: readonly string[], reason: Reason): void;
  /** What came on these feeds between two event times was not received, though the connection was never lost. */
  missed(streams: readonly string[], from: number, to: number): void;
  /**
   * Takes the event times in ms of the newest records of a connection's feeds before this worker started. `since` was made at the
   * start; `away` is how long ago the newest record of all was received, in ms.
   */
  startedAfter(newest: ReadonlyMap<string, number>, since: Mark, away: number): void;
  /** The full buffer dropped a message. */
  dropped(symbol: string, eventTime: number): void;
  /** These entries are about to be sent for the first time. */
  sending(entries: readonly Outgoing[]): void;
  /** Call it when messages have been sent. It sends the gaps of what was dropped, once the buffer has room or after some seconds. */
  flush(): void;
  /** Sends all gaps that have no end yet, as the worker ends. */
  close(): Promise<void>;
}

/**
 * A keeper for the stream of that name, which puts gaps into `gaps`. `hasRoom` tells whether the buffer of the stream's messages is
 * less than half full. `symbols` has the symbol of each feed.
 */
export function createGapKeeper(
  name: string,
  symbols: ReadonlyMap<string, string>,
  hasRoom: () => boolean,
  gaps: Pick<Outlet, "push">,
  others: Pick<OtherProducers, "mark" | "silenceIn">,
  log: Log,
): GapKeeper {
  const ledger = createLedger(name, symbols, Date.now());
  const droppedRuns = createDroppedRuns(name);
  const losses = createLosses(others);
  const gapLog = createGapLog(log);
  const confirming = new Set<Promise<void>>();
  let toldAt = performance.now();
  /** When the previous producer received its last message, in ms of `performance.now()`. */
  let leftAt = 0;

  const record = (gap: Gap) => {
    // Only a drop can be missing within one ms.
    if (gap.endedAt <= gap.startedAt && gap.dropped === null) return;
    // The topic may hold a recording or another simulated market, whose times have nothing to do with these.
    if (gap.reason === "restart" && gap.endedAt - gap.startedAt > performance.now() - leftAt + HOUR_MS) {
      return;
    }
    gapLog.note(gap);
    gaps.push({ key: gap.symbol, value: JSON.stringify(gap) });
  };
  /** Records the parts of a gap that no other producer received. */
  const confirm = (stream: string, gap: Gap, silent: Promise<readonly (Silence | undefined)[]>) => {
    const confirmed = silent.then((found) => {
      const silences = found.filter((one) => one !== undefined);
      for (const part of narrow(gap, stream, silences)) record(part);
      if (silences.length === 0) {
        log.debug("another producer had what was missed", { stream, reason: gap.reason });
      }
    }).finally(() => confirming.delete(confirmed));
    confirming.add(confirmed);
  };

  return {
    seen(stream, eventTime) {
      const gap = ledger.seen(stream, eventTime);
      if (gap) confirm(stream, gap, losses.end(stream, gap.endedAt));
    },
    subscribed: (streams) => ledger.subscribed(streams, Date.now()),
    lost(streams, reason) {
      const since = others.mark();
      // Mute feeds may come back one by one.
      for (const some of reason === "mute stream" ? streams.map((stream) => [stream]) : [streams]) {
        losses.begin({ streams: some, from: ledger.newest(some), isRestart: false }, since);
      }
      ledger.lost(streams, reason);
    },
    missed(streams, from, to) {
      const silent = others.silenceIn({ streams, from, to, isRestart: false }, others.mark());
      for (const stream of streams) confirm(stream, ledger.missed(stream, from, to), Promise.all([silent]));
    },
    startedAfter(newest, since, away) {
      if (newest.size === 0) return;
      leftAt = performance.now() - away;
      const outage = { streams: [...newest.keys()], from: Math.max(...newest.values()), isRestart: true };
      const ended = new Map<string, Gap>();
      for (const [stream, eventTime] of newest) {
        const gap = ledger.startedAfter(stream, eventTime);
        if (gap) ended.set(stream, gap);
      }
      // The outage ends with the first message of any feed.
      const to = Math.min(...[...ended.values()].map(({ endedAt }) => endedAt));
      const silent = ended.size > 0 ? others.silenceIn({ ...outage, to }, since) : undefined;
      for (const [stream, gap] of ended) confirm(stream, gap, Promise.all([silent]));
      losses.begin({ ...outage, streams: outage.streams.filter((one) => !ended.has(one)) }, since, silent);
    },
    dropped: droppedRuns.dropped,
    sending(entries) {
      for (const { key } of entries) droppedRuns.sent(String(key));
    },
    flush() {
      const now = performance.now();
      if (!hasRoom() && now - toldAt < TELL_MS) return;
      toldAt = now;
      for (const gap of droppedRuns.take()) record(gap);
    },
    async close() {
      for (const [stream, gap] of ledger.close(Date.now())) {
        confirm(stream, gap, losses.end(stream, Infinity));
      }
      await Promise.all(confirming);
      gapLog.close();
    },
  };
}
