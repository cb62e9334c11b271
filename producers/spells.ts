import type { Gap } from "../shared/streams/gap.ts";

/** Keeps account of what a full buffer drops: what is dropped of a symbol in a row is one spell, and becomes one gap. */
export interface Spells {
  /** A message was dropped, with the exchange's time in ms. */
  dropped(symbol: string, eventTime: number): void;
  /** A message of the symbol is sent: what is dropped after it makes another gap. */
  sent(symbol: string): void;
  /** The gaps made by what was dropped so far. */
  take(): Gap[];
}

/** Gaps that a full buffer may make before they are told: past that, the last one of a symbol goes on. */
const MOST_UNTOLD = 1_000;

/** Nothing dropped yet, of the stream of that name. */
export function createSpells(name: string): Spells {
  let untold: Gap[] = [];
  /** The gap of each symbol that goes on with the next message that is dropped. */
  const spells = new Map<string, Gap>();
  return {
    dropped(symbol, eventTime) {
      // A gap's start is part of its key: two that begin in the same ms are one.
      let spell = spells.get(symbol) ??
        untold.find((one) => one.symbol === symbol && one.startedAt === eventTime);
      if (!spell) {
        spell = {
          ...{ stream: name, symbol, startedAt: eventTime, endedAt: eventTime },
          ...{ reason: "buffer overflow", dropped: 0 },
        };
        untold.push(spell);
      }
      spells.set(symbol, spell);
      spell.startedAt = Math.min(spell.startedAt, eventTime);
      spell.endedAt = Math.max(spell.endedAt, eventTime);
      spell.dropped!++;
    },
    sent(symbol) {
      if (untold.length < MOST_UNTOLD) spells.delete(symbol);
    },
    take() {
      const gaps = untold;
      untold = [];
      spells.clear();
      return gaps;
    },
  };
}
