import type { Incoming } from "../shared/kafka/mod.ts";
import type { StreamMessage } from "../shared/stream.ts";
import { silent } from "./silent.ts";
import { noteTime } from "../consumers/losses.ts";
import type { SinkLosses } from "../consumers/sink.ts";

export const PARTITION = 3;
export const retry = { signal: new AbortController().signal, log: silent, kind: "database" as const };

/** Reads messages as JSON. */
export const decoder = {
  read(value: Incoming["value"]): StreamMessage | undefined {
    try {
      return JSON.parse(new TextDecoder().decode(value!));
    } catch {
      return undefined;
    }
  },
};

/** A span of a symbol, from a message on and before another one. */
export interface Span {
  readonly symbol: string;
  readonly from: number;
  to: number;
}

/** A sink that keeps all in memory. */
export function memorySink() {
  const stored = new Map<number, Record<string, number>>();
  const losses: Span[] = [];
  const isOpen = ({ to }: Span) => to === Infinity;
  const sink: SinkLosses = {
    storedTo: () => Promise.resolve(structuredClone(stored)),
    open: () => Promise.resolve(losses.filter(isOpen)),
    noteStored(partition, times) {
      const known = stored.get(partition) ?? {};
      for (const [symbol, eventTime] of Object.entries(times)) noteTime(known, { symbol, eventTime });
      stored.set(partition, known);
      return Promise.resolve();
    },
    begin(partition, _reason, times = stored.get(partition) ?? {}) {
      const begun = Object.entries(times).filter(([symbol]) =>
        !losses.some((loss) => loss.symbol === symbol && isOpen(loss))
      );
      losses.push(...begun.map(([symbol, from]) => ({ symbol, from, to: Infinity })));
      return Promise.resolve();
    },
    end(times) {
      for (const loss of losses) {
        if (isOpen(loss) && loss.from < times[loss.symbol]) loss.to = times[loss.symbol];
      }
      return Promise.resolve();
    },
  };
  return { sink, losses };
}
