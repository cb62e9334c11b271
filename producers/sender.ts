import type { Outgoing, Producer } from "../shared/kafka/mod.ts";
import { persist, type Persistence } from "../shared/retry.ts";
import type { Buffer, Entry } from "./buffer.ts";

/**
 * Bytes of one send, as the buffer counts them: some 3,000 ticks, which is what a broker takes as one batch by default. Each send
 * waits for the one before: at a third of this size that, and not the CPU, was what held a producer back.
 */
const SEND_BYTES = 1_500_000;

/**
 * Sends what the buffer holds, until it is closed and empty. One send at a time keeps a symbol's messages in order; what
 * comes meanwhile goes with the next one, so that sends grow under load and nothing lingers when it is quiet.
 */
export async function sendAll(
  buffer: Buffer,
  producer: Producer,
  persistence: Persistence,
  listener: { onSend(entries: readonly Entry[]): void; onSent(entries: readonly Entry[]): void },
): Promise<void> {
  for (;;) {
    const entries = await buffer.take(SEND_BYTES);
    if (entries.length === 0) return;
    const byTopic = new Map<string, Outgoing[]>();
    for (const entry of entries) {
      const messages = byTopic.get(entry.topic);
      if (messages) messages.push(entry);
      else byTopic.set(entry.topic, [entry]);
    }
    const batches = [...byTopic].map(([topic, messages]) => ({ topic, messages }));
    await persist(() => {
      listener.onSend(entries);
      return producer.send(batches);
    }, persistence);
    buffer.settle();
    listener.onSent(entries);
  }
}
