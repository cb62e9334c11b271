import { sleep } from "../../shared/wait.ts";
import type { Events, MarketEvent } from "./event.ts";

/** A message that was played: what the tables are compared with. */
export interface Truth {
  readonly stream: string;
  readonly data: Record<string, unknown>;
}

/**
 * The first `count` events that `open` returns. The truth is not kept in memory: a feed that is read again has the same events.
 * It lets others run in between: a million events take a second.
 */
export async function* replay(open: () => Events, count: number): AsyncGenerator<MarketEvent> {
  let given = 0;
  if (count === 0) return;
  for await (const event of open()) {
    yield event;
    if (++given === count) return;
    if (given % 5_000 === 0) await sleep(0);
  }
}
