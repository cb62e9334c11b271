import type { Outage, Silence } from "./silence.ts";
import type { Mark, OtherProducers } from "./other_producers.ts";

/** Knows which streams were lost together, and what other producers left of that. */
export interface Losses {
  /**
   * Streams are lost together; `since` was made then. Those that were lost before and are not back stay with the others.
   * `silence` is given where others that were lost with them are back already.
   */
  begin(outage: Omit<Outage, "to">, since: Mark, silence?: Promise<Silence | undefined>): void;
  /** A stream is back with its first message at event time `to`, or the worker ends without one; resolves to when nobody received anything meanwhile. */
  end(stream: string, to: number): Promise<Silence[]>;
}

interface Loss extends Omit<Outage, "to"> {
  readonly since: Mark;
  /** Known of all once the first of them is back: a connection carries all of its streams or none. */
  silence?: Promise<Silence | undefined>;
  /** Of a stream that was not back from another loss when this one began: what is known of that. */
  readonly earlier: Map<string, Promise<Silence[]>>;
}

/** Nothing is lost. */
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
