import type { Log } from "../shared/log.ts";
import type { Gap } from "../shared/streams/gap.ts";
import type { Buffer, Entry } from "./buffer.ts";
import { createLedger, type Reason } from "./ledger.ts";
import type { Twin } from "./twin.ts";

/** Sends the gaps of a stream to their topic, those that no other producer covered. */
export interface GapKeeper {
  /** A good message came, with the exchange's time in ms. */
  seen(symbol: string, eventTime: number): void;
  /** Nothing comes for these symbols any more. */
  lost(symbols: readonly string[], reason: Reason): void;
  /** What came of these symbols between two event times went by, though the connection was never lost. */
  missed(symbols: readonly string[], from: number, to: number): void;
  /** The newest record of the symbol before this worker started, in ms. No other producer is there. */
  startedAfter(symbol: string, eventTime: number): void;
  /** The full buffer dropped a message. */
  dropped(symbol: string, eventTime: number): void;
  /** These have left the buffer to be sent; told at each attempt. */
  sending(entries: readonly Entry[]): void;
  /** The full buffer dropped a gap's entry: it is sent once there is room. */
  keep(entry: Entry): void;
  /** To be called when messages have been sent: tells what was dropped, once the buffer has room for it. */
  flush(): void;
  /** Tells of all holes that are open, as the worker ends. */
  close(): Promise<void>;
}

/** A keeper for the stream of that name, whose messages are for `topic`, which puts gaps for `gapTopic` into the buffer. */
export function createGapKeeper(
  stream: string,
  topic: string,
  gapTopic: string,
  buffer: Buffer,
  twin: Twin,
  log: Log,
): GapKeeper {
  const ledger = createLedger(stream, Date.now());
  /** Of each symbol that was lost, whether another producer was there then. */
  const twinAtLoss = new Map<string, Promise<boolean>>();
  const confirming = new Set<Promise<void>>();
  let kept: Entry[] = [];
  let underway: readonly Entry[] = [];

  const record = (gap: Gap) => {
    const { symbol, reason, startedAt, endedAt, dropped } = gap;
    const ms = endedAt - startedAt;
    log.sparsely(reason, "a gap is recorded", {
      symbol,
      reason,
      from: new Date(startedAt).toISOString(),
      ms,
      dropped,
    });
    buffer.push({ topic: gapTopic, key: symbol, value: JSON.stringify(gap) });
  };
  /** Another producer that was there when the hole began and when it ended covered it, or has recorded its own. */
  const recordUnlessCovered = async (gap: Gap) => {
    const before = await (twinAtLoss.get(gap.symbol) ?? false);
    if (!(before && await twin.isAlive())) record(gap);
  };

  return {
    seen(symbol, eventTime) {
      const gap = ledger.seen(symbol, eventTime);
      if (!gap) return;
      const confirmed = recordUnlessCovered(gap).finally(() => confirming.delete(confirmed));
      confirming.add(confirmed);
    },
    lost(symbols, reason) {
      const alive = twin.isAlive();
      for (const symbol of symbols) twinAtLoss.set(symbol, alive);
      ledger.lost(symbols, reason);
    },
    missed(symbols, from, to) {
      for (const symbol of symbols) record(ledger.missed(symbol, from, to));
    },
    startedAfter(symbol, eventTime) {
      twinAtLoss.delete(symbol);
      const gap = ledger.startedAfter(symbol, eventTime);
      if (gap) record(gap);
    },
    dropped: ledger.dropped,
    sending(entries) {
      if (entries === underway) return;
      underway = entries;
      for (const entry of entries) if (entry.topic === topic) ledger.sent(String(entry.key));
    },
    keep: (entry) => kept.push(entry),
    flush() {
      if (!buffer.hasRoom) return;
      for (const gap of ledger.takeDropped()) record(gap);
      const entries = kept;
      kept = [];
      for (const entry of entries) buffer.push(entry);
    },
    async close() {
      await Promise.all(confirming);
      for (const gap of ledger.close(Date.now())) record(gap);
    },
  };
}
