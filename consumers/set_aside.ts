import { deadLetter } from "../shared/dead_letter.ts";
import { crc32c } from "../shared/kafka/crc32c.ts";
import { isUnknownTopic, type Kafka, type Outgoing } from "../shared/kafka/mod.ts";
import type { Log } from "../shared/log.ts";
import { retryForever, type RetryOptions } from "../shared/retry.ts";
import type { Unwanted } from "./store.ts";

/** How many acked letters are remembered: a batch may be read again before its offset is committed. */
const MOST_REMEMBERED = 50_000;

/** Puts messages that can't be decoded or stored on the dead-letter topic. */
export interface SetAside extends AsyncDisposable {
  /**
   * Returns once all of them are acked, since offsets are committed only then. Acked ones are not sent again, neither when others are
   * refused nor when their batch is read again.
   * @throws the last error once the signal is aborted
   */
  setAside(unwanted: readonly Unwanted[]): Promise<void>;
}

/** @param topic the topic of the dead letters; it is created again if it was deleted */
export function createSetAside(
  kafka: Pick<Kafka, "ensureTopics" | "producer">,
  topic: string,
  retry: RetryOptions,
  log: Log,
): SetAside {
  const producer = kafka.producer(topic);
  const acked = new Set<string>();
  const remember = (place: string) => {
    acked.add(place);
    if (acked.size > MOST_REMEMBERED) acked.delete(acked.values().next().value!);
  };
  const explain = (error: unknown) =>
    `Cannot write to the topic ${topic}, and no offset moves before its letters are acked: ${
      retry.explain?.(error) ?? error
    }`;

  return {
    async setAside(unwanted) {
      const places = new Map<Outgoing, string>();
      for (const { batch, place, cause } of unwanted) {
        const { key, value, offset, damage } = batch.messages[place];
        const id = placeOf(batch.partition, offset, value);
        if (acked.has(id)) continue;
        const { topic: source, partition } = batch;
        const origin = { cause, source, partition, offset, records: damage?.records };
        const subject = damage ? "a record batch" : "a message";
        log.sparsely("message", `${subject} can't be stored and goes to the dead-letter topic`, origin);
        places.set(deadLetter(key, value ?? "", origin), id);
      }
      const send = async () => {
        const letters = [...places.keys()];
        const unsent = await producer.trySend(letters);
        const left = new Set(unsent.map(({ message }) => message));
        for (const letter of letters) {
          if (left.has(letter)) continue;
          remember(places.get(letter)!);
          places.delete(letter);
        }
        if (unsent.length === 0) return;
        const [{ error }] = unsent;
        if (isUnknownTopic(error)) await kafka.ensureTopics([topic]);
        throw error;
      };
      if (places.size > 0) await retryForever(send, { ...retry, kind: "dead letters", explain });
    },
    [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
  };
}

/** Identifies a message. A topic that was created again begins at offset 0, so the bytes are needed, too. */
function placeOf(partition: number, offset: string, value: Uint8Array | null): string {
  return `${partition}:${offset}:${value ? crc32c(value) : 0}`;
}
