import { isUnknownTopic, type Kafka } from "../kafka/mod.ts";
import { describe, type Log } from "../log.ts";
import { createRenewableProducer } from "../outlet/renewable.ts";
import { worker, type WorkerData } from "../streams/worker.ts";
import { sleep } from "../wait.ts";
import type { Telemetry } from "./telemetry.ts";

/** How often a worker says how it is, in ms. */
const EVERY_MS = 5_000;
/** A send that takes longer goes on with new connections, in ms. */
const LATE_MS = 20_000;

/** A worker of this process: its name and its numbers. */
export interface Announced {
  readonly name: string;
  readonly telemetry: Telemetry;
}

/** What the rows of a process have in common. */
export type Identity = Pick<WorkerData, "host" | "name" | "build">;

/** What a worker says of itself now. */
export function statementOf({ name, telemetry }: Announced, identity: Identity): WorkerData {
  const { counts } = telemetry.report();
  const { state, reason } = telemetry.status();
  return {
    worker: name,
    host: identity.host,
    name: identity.name,
    stream: telemetry.stream,
    at: Date.now(),
    state,
    reason: reason?.slice(0, 2_000) || null,
    lag: counts.behind ?? counts.buffered ?? null,
    deadLetters: counts.rejected ?? 0,
    build: identity.build,
  };
}

/**
 * Sends every 5 s, until the signal is aborted, how the workers of this process are. A statement that can't be sent is dropped, as the
 * next one says more: nothing waits for it, and its failures are nobody's trouble.
 */
export async function announce(
  workers: readonly Announced[],
  identity: Identity,
  kafka: Pick<Kafka, "ensureTopics" | "producer">,
  topic: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  await using producer = createRenewableProducer(() => kafka.producer(topic));
  let isThere = false;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      if (!isThere) await kafka.ensureTopics([topic]);
      isThere = true;
      const statements = workers.map((one) => statementOf(one, identity));
      const entries = statements.map((one) => ({
        key: one.worker,
        value: worker.message.codec.encode(one),
      }));
      const late = setTimeout(producer.renew, LATE_MS);
      const [unsent] = await producer.trySend(entries).finally(() => clearTimeout(late));
      if (unsent) throw unsent.error;
    } catch (error) {
      if (isUnknownTopic(error)) isThere = false;
      log.debug("the state can't be sent", { why: describe(error) });
    }
    await sleep(EVERY_MS - (performance.now() - startedAt), signal);
  }
}
