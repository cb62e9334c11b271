import type { Kafka, Outgoing, Producer, Unsent } from "../kafka/mod.ts";
import { createLog } from "../log.ts";
import { sleep } from "../wait.ts";
import { createOutlet, type OutletOptions } from "./outlet.ts";

/** Time that a send takes, in ms. */
export const SEND_MS = 50;

/** A Kafka in memory that takes what it is not told to refuse; what each topic has is in `stored`. */
export function memoryKafka(refusal = (_: Outgoing): unknown => undefined) {
  const stored: Record<string, string[]> = {};
  const kafka: Pick<Kafka, "ensureTopics" | "producer"> = {
    ensureTopics: () => Promise.resolve(),
    producer: (topic): Producer => ({
      async trySend<M extends Outgoing>(messages: readonly M[]): Promise<Unsent<M>[]> {
        await sleep(SEND_MS);
        const taken = messages.filter((message) => refusal(message) === undefined);
        (stored[topic] ??= []).push(...taken.map(({ value }) => String(value)));
        return messages.filter((one) => !taken.includes(one))
          .map((message) => ({ message, error: refusal(message) }));
      },
      send: () => Promise.reject(new Error("not used")),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  return { kafka, stored };
}

/** An outlet of the topic that never gives up. */
export function outletTo(kafka: OutletOptions["kafka"], topic: string, more: Partial<OutletOptions> = {}) {
  return createOutlet({
    topic,
    kafka,
    limit: 1e6,
    config: { brokers: ["kafka:9092"], ssl: false, topicPrefix: "", groupId: "g" },
    signal: new AbortController().signal,
    kind: "kafka",
    log: createLog("test", "error", () => {}),
    ...more,
  });
}
