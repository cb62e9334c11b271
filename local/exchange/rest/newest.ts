import { type MarketEvent, payloadText } from "../event.ts";

/** The newest message of each stream. */
export interface Newest {
  add(event: MarketEvent): void;
  /** Its payload; undefined before the first. */
  of(stream: string): Record<string, unknown> | undefined;
}

export function createNewest(): Newest {
  const events = new Map<string, MarketEvent>();
  return {
    add: (event) => void events.set(event.stream, event),
    of(stream) {
      const event = events.get(stream);
      return event && JSON.parse(payloadText(event, 0));
    },
  };
}
