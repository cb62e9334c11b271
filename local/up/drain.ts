import { describe } from "../../shared/log.ts";
import { poll } from "../../shared/poll.ts";
import type { Exchange } from "../exchange/server.ts";
import { framesSent } from "./exchange.ts";
import type { Line, Monitor } from "./monitor.ts";
import { formatCount } from "./format.ts";
import type { WorkerProcess } from "./worker.ts";

/** How long messages may take to arrive without any progress, in ms. After that they are given up. */
const ARRIVAL_MS = 1_000;
const STORING_MS = 20_000;
/** How long it is tried to count the rows, in ms: a database that was away, or a table that is locked, is counted a moment later. */
const COUNTING_MS = 20_000;

/**
 * Stops the pipeline from its beginning to its end, so that nothing is left in it: the exchange, where it is ours, the
 * producers, and, once all that they sent is stored, the consumers.
 *
 * @param report called with what is being done
 * @returns what did not go as it should, a sentence each
 */
export async function drain(
  lines: readonly Line[],
  repair: Pick<WorkerProcess, "stop">,
  monitor: Monitor,
  exchange: Exchange | undefined,
  report: (doing: string) => void,
): Promise<string[]> {
  report("stopping: the producers send what they have");
  await monitor.keepGaps();
  if (exchange) {
    exchange.pause();
    await untilReceived(lines, monitor, framesSent(exchange));
  }
  const producers = lines.flatMap(({ producer }) => producer ?? []);
  const unsent = await Promise.all([...producers, repair].map((one) => one.stop()));

  report("stopping: the consumers store what is left");
  const left = await untilStored(monitor);
  await monitor.poll(); // for the delays, which a worker's last words leave out
  const unstored = await Promise.all(
    [...new Set(lines.map(({ consumer }) => consumer))].map((consumer) => consumer.stop()),
  );
  await poll(() => monitor.countRows(), { ms: COUNTING_MS, pauseMs: 500 });
  return [...unsent, left, ...unstored].filter((fault) => fault !== undefined);
}

async function untilReceived(lines: readonly Line[], monitor: Monitor, sent: number): Promise<void> {
  let before = -1;
  await poll(async (extend) => {
    await monitor.poll();
    const received = lines.flatMap(({ producer }) => producer?.totals ?? [])
      .reduce((sum, { counts }) => sum + (counts.received ?? 0), 0);
    if (received > before) extend();
    before = received;
    return received >= sent;
  }, { ms: ARRIVAL_MS, pauseMs: 20 });
}

async function untilStored(monitor: Monitor): Promise<string | undefined> {
  let least = Infinity;
  let now: number | undefined;
  let why = "";
  const isStored = await poll(async (extend) => {
    try {
      now = await monitor.behind();
      if (now < least) extend();
      least = Math.min(least, now);
      return now === 0;
    } catch (error) {
      now = undefined;
      why = describe(error);
    }
  }, { ms: STORING_MS, pauseMs: 100 });
  if (isStored) return undefined;
  if (now === undefined) {
    return `Cannot ask Kafka how many messages are not stored yet: ${why}. They are stored when you next run this feed`;
  }
  return `${
    formatCount(now)
  } messages are not stored yet. They wait in Kafka and are stored when you next run this feed`;
}
