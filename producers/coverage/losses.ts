import type { Outage, Silence } from "./silence.ts";
import type { Mark, OtherProducers } from "./other_producers.ts";

/** Knows which feeds were lost together, and which part of that no other producer received. */
export interface Losses {
  /**
   * Feeds are lost together; `since` was made then. A feed that was lost before and is not back stays with that loss. `silence` is given
   * if other feeds of the same loss are back already.
   */
  begin(outage: Omit<Outage, "to">, since: Mark, silence?: Promise<Silence | undefined>): void;
  /**
   * A feed is back with its first message at event time `to`, or the worker ends without one. Resolves to the times in which nobody
   * received anything.
   */
  end(stream: string, to: number): Promise<Silence[]>;
}

interface Loss extends Omit<Outage, "to"> {
  readonly since: Mark;
  /** Known for all feeds once the first of them is back: a connection carries all of its feeds or none. */
  silence?: Promise<Silence | undefined>;
  /** The silences of an earlier loss, by feeds that were not back from it when this one began. */
  readonly earlier: Map<string, Promise<Silence[]>>;
}

/** At first nothing is lost. */
export function createLosses(others: Pick<OtherProducers, "silenceIn">): Losses {
  const losses = new Map<string, Loss>();
  const silencesOf = async (stream: string, { earlier, silence }: Loss) => {
    const last = await silence;
    return [...await earlier.get(stream) ?? [], ...last ? [last] : []];
  };

  return {
    begin(outage, since, silence) {
      const loss: Loss = { ...outage, since, silence, earlier: new Map() };
      for (const stream of outage.streams) {
        const before = losses.get(stream);
        if (before?.silence) loss.earlier.set(stream, silencesOf(stream, before));
        else if (before && !outage.isRestart) continue;
        losses.set(stream, loss);
      }
    },
    end(stream, to) {
      const loss = losses.get(stream)!;
      losses.delete(stream);
      loss.silence ??= others.silenceIn({ ...loss, to }, loss.since);
      return silencesOf(stream, loss);
    },
  };
}
