import { join, type Outage, type Silence } from "./silence.ts";
import type { Mark, Twin } from "./twin.ts";

/** Knows which streams were lost together, and what other producers left of that. */
export interface Losses {
  /**
   * Streams are lost together; `since` was made then. Those that were lost before and are not back stay with the others.
   * `silence` is given where others that were lost with them are back already.
   */
  begin(outage: Omit<Outage, "to">, since: Mark, silence?: Promise<Silence | undefined>): void;
  /** A stream is back with its first message at event time `to`, or the worker ends without one; resolves to what nobody received meanwhile. */
  end(stream: string, to: number): Promise<Silence | undefined>;
}

interface Loss extends Omit<Outage, "to"> {
  readonly since: Mark;
  /** Known of all once the first of them is back: a connection carries all of its streams or none. */
  silence?: Promise<Silence | undefined>;
  /** Of a stream that was not back from another loss when this one began: what is known of that. */
  readonly earlier: Map<string, Promise<Silence | undefined>>;
}

/** Nothing is lost. */
export function createLosses(twin: Twin): Losses {
  const losses = new Map<string, Loss>();
  const silenceOf = async (stream: string, { earlier, silence }: Loss) =>
    join(await earlier.get(stream), await silence);

  return {
    begin(outage, since, silence) {
      const loss: Loss = { ...outage, since, silence, earlier: new Map() };
      for (const stream of outage.streams) {
        const before = losses.get(stream);
        if (before?.silence) loss.earlier.set(stream, silenceOf(stream, before));
        else if (before && !outage.isRestart) continue;
        losses.set(stream, loss);
      }
    },
    end(stream, to) {
      const loss = losses.get(stream)!;
      losses.delete(stream);
      loss.silence ??= twin.silenceIn({ ...loss, to }, loss.since);
      return silenceOf(stream, loss);
    },
  };
}
