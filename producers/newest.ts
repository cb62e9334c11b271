import type { Extent, Kafka } from "../shared/kafka/mod.ts";
import { persist, type Persistence } from "../shared/retry.ts";

/** Messages of each partition that are read at start. */
const MOST = 2_000;

/**
 * The newest event time in ms that the topic has for each of the symbols, before `extent`'s end. A symbol that is not
 * among the topic's newest messages gets the newest time of all: until then its producer was alive, and had nothing.
 * What fails is tried again, until the signal is aborted.
 */
export async function newestTimes(
  kafka: Pick<Kafka, "readTail">,
  topic: string,
  extent: Extent,
  symbols: readonly string[],
  persistence: Persistence,
): Promise<Map<string, number>> {
  const newest = new Map<string, number>();
  const look = () => kafka.readTail(topic, extent, MOST, persistence.signal);
  for (const { value } of await persist(look, persistence)) {
    const { symbol, eventTime } = read(value);
    if (symbol !== undefined && eventTime > (newest.get(symbol) ?? 0)) newest.set(symbol, eventTime);
  }
  const isAll = extent.every(({ low, high }) => high - low <= MOST);
  const overall = isAll ? undefined : Math.max(...newest.values());
  return new Map(symbols.flatMap((symbol) => {
    const time = newest.get(symbol) ?? overall;
    return time === undefined ? [] : [[symbol, time]];
  }));
}

function read(value: Uint8Array | null): { symbol?: string; eventTime: number } {
  try {
    const { symbol, eventTime } = JSON.parse(new TextDecoder().decode(value ?? new Uint8Array()));
    return { symbol, eventTime: Number(eventTime) };
  } catch {
    return { eventTime: NaN };
  }
}
