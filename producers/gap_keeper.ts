import type { Log } from "../shared/log.ts";
import type { Gap } from "../shared/streams/gap.ts";
import type { Buffer, Entry } from "./buffer.ts";
import { createLedger, type Reason } from "./ledger.ts";
import { createSpells } from "./spells.ts";
import type { Twin } from "./twin.ts";

/** What a buffer that stays full drops is told so often, in ms: a producer that is killed takes with it what is untold. */
const TELL_MS = 5_000;

/** Sends the gaps of a stream to their topic, those that no other producer covered. */
export interface GapKeeper {
  /** A good message came on the exchange's stream, with the exchange's time in ms. */
  seen(stream: string, eventTime: number): void;
  /** Nothing comes on these streams any more. */
  lost(streams: readonly string[], reason: Reason): void;
  /** What came on these streams between two event times went by, though the connection was never lost. */
  missed(streams: readonly string[], from: number, to: number): void;
  /** The newest record of the stream before this worker started, in ms. No other producer is there. */
  startedAfter(stream: string, eventTime: number): void;
  /** The full buffer dropped a message. */
  dropped(symbol: string, eventTime: number): void;
  /** These have left the buffer to be sent; told at each attempt. */
  sending(entries: readonly Entry[]): void;
  /** To be called when messages have been sent: tells what was dropped, once that has an end or after some seconds. */
  flush(): void;
  /** Tells of all holes that are open, as the worker ends. */
  close(): Promise<void>;
}

/**
 * A keeper for the stream of that name, whose messages are for `topic`, which puts gaps for `gapTopic` into the buffer.
 * `symbols` tells whose each of the exchange's streams is.
 */
export function createGapKeeper(
  name: string,
  symbols: ReadonlyMap<string, string>,
  topic: string,
  gapTopic: string,
  buffer: Buffer,
  twin: Twin,
  log: Log,
): GapKeeper {
  const ledger = createLedger(name, symbols, Date.now());
  const spells = createSpells(name);
  /** Of each stream that was lost, whether another producer was there then. */
  const twinAtLoss = new Map<string, Promise<boolean>>();
  const confirming = new Set<Promise<void>>();
  let toldAt = Date.now();
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
    buffer.pushFirst({ topic: gapTopic, key: symbol, value: JSON.stringify(gap) });
  };
  /** Another producer that was there when the hole began and when it ended covered it, or has recorded its own. */
  const recordUnlessCovered = async (stream: string, gap: Gap) => {
    const before = await (twinAtLoss.get(stream) ?? false);
    if (!(before && await twin.isAlive())) record(gap);
  };

  return {
    seen(stream, eventTime) {
      const gap = ledger.seen(stream, eventTime);
      if (!gap) return;
      const confirmed = recordUnlessCovered(stream, gap).finally(() => confirming.delete(confirmed));
      confirming.add(confirmed);
    },
    lost(streams, reason) {
      const alive = twin.isAlive();
      for (const stream of streams) twinAtLoss.set(stream, alive);
      ledger.lost(streams, reason);
    },
    missed(streams, from, to) {
      for (const stream of streams) record(ledger.missed(stream, from, to));
    },
    startedAfter(stream, eventTime) {
      twinAtLoss.delete(stream);
      const gap = ledger.startedAfter(stream, eventTime);
      if (gap) record(gap);
    },
    dropped: spells.dropped,
    sending(entries) {
      if (entries === underway) return;
      underway = entries;
      for (const entry of entries) if (entry.topic === topic) spells.sent(String(entry.key));
    },
    flush() {
      const now = Date.now();
      if (!buffer.hasRoom && now - toldAt < TELL_MS) return;
      toldAt = now;
      for (const gap of spells.take()) record(gap);
    },
    async close() {
      await Promise.all(confirming);
      for (const gap of ledger.close(Date.now())) record(gap);
    },
  };
}
