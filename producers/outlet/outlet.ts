import {
  isAnswer,
  isUnknownTopic,
  type Kafka,
  kafkaFault,
  kafkaFaultLasts,
  type Outgoing,
} from "../../shared/kafka/mod.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Kind, Log } from "../../shared/log.ts";
import { retryForever } from "../../shared/retry.ts";
import { backoff, sleep } from "../../shared/wait.ts";
import type { Buffer } from "./buffer.ts";
import { createRenewableProducer } from "./renewable.ts";

/** Why a topic can't be written, and whether a person must act. */
export interface Trouble {
  readonly words: string;
  readonly isLasting: boolean;
  /** Kafka itself has told it. */
  readonly isAnswer: boolean;
}

/** The way to one topic: a buffer, and what sends it. The trouble of one outlet is no other's. */
export interface Outlet {
  readonly topic: string;
  push(entry: Outgoing): void;
  /**
   * Makes the topic where it is missing; waits for Kafka.
   * @throws {ConfigError} if the topic is set up such that it would lose messages
   */
  open(): Promise<void>;
  /**
   * Sends what the buffer holds until it is closed and empty. One send at a time keeps the messages of a key in order; what comes
   * meanwhile goes with the next one, so that sends grow under load and nothing lingers when it is quiet.
   * @throws {Error} if messages are left when the signal is aborted
   */
  run(): Promise<void>;
  /** No more entries come: lets `run` end. */
  close(): void;
  /** Goes on with new connections. What was under way is sent again. */
  renew(): void;
  /** How many entries were acked so far. */
  readonly done: number;
  /** Entries that are not sent yet. */
  readonly length: number;
  /** Whether the buffer is less than half full. */
  readonly hasRoom: boolean;
  /** Why the topic can't be written; absent while it can. */
  readonly trouble?: Trouble;
}

export interface OutletOptions {
  readonly topic: string;
  readonly buffer: Buffer;
  readonly kafka: Pick<Kafka, "ensureTopics" | "producer">;
  readonly config: Config["kafka"];
  /** Aborted: what is left is given up. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Of its failures in the log. */
  readonly kind: Kind;
  /** These are about to be sent; told at each attempt. `fresh` are those that were not attempted before. */
  readonly onSend?: (entries: readonly Outgoing[], fresh: readonly Outgoing[]) => void;
  /** These are acked; `isAll` where nothing that was attempted waits for an ack. */
  readonly onAcked: (entries: readonly Outgoing[], isAll: boolean) => void;
}

/**
 * Bytes of one send, as the buffer counts them: some 3,000 ticks, which is what a broker takes as one batch by default. Each send
 * waits for the one before: at a third of this size that, and not the CPU, was what held a producer back.
 */
const SEND_BYTES = 1_500_000;
/** The longest pause between two attempts, in ms. */
const MOST_PAUSE_MS = 5_000;

export function createOutlet(
  { topic, buffer, kafka, config, signal, log, kind, onSend = () => {}, onAcked }: OutletOptions,
): Outlet {
  const producer = createRenewableProducer(() => kafka.producer(topic));
  let done = 0;
  let trouble: Trouble | undefined = {
    words: "Kafka has not been reached yet",
    isLasting: false,
    isAnswer: false,
  };
  const explain = (error: unknown) => `Cannot write to the topic ${topic}: ${kafkaFault(config, error)}`;
  const note = (error: unknown) => {
    trouble = { words: explain(error), isLasting: kafkaFaultLasts(error), isAnswer: isAnswer(error) };
    log.sparsely(kind, `${trouble.words}; trying until it works`);
  };
  const ensure = () => kafka.ensureTopics([topic]);

  /** A topic that was deleted is made anew. */
  const mend = async (error: unknown) => {
    if (isUnknownTopic(error)) await ensure().catch(note);
  };

  const open = async () => {
    const onTrouble = (words = "", isLasting = false) => trouble = { words, isLasting, isAnswer: false };
    await retryForever(ensure, { signal, log, kind, explain, lasts: kafkaFaultLasts, onTrouble });
    trouble = undefined;
  };

  const run = async () => {
    await using _closing = producer;
    let failures = 0;
    /** Sends in a row of which nothing was acked. */
    let inVain = 0;
    /** Messages that were attempted and are not acked. */
    const pending = new Set<Outgoing>();
    let released: Promise<void> | undefined;
    /** Has what could not be sent tried again after a pause. */
    const releaseLater = async () => {
      await sleep(backoff(failures++, 250, MOST_PAUSE_MS), signal);
      released = undefined;
      buffer.release();
    };
    for (;;) {
      const entries = await buffer.take(SEND_BYTES, signal);
      if (entries.length === 0) break;
      onSend(entries, pending.size === 0 ? entries : without(entries, pending));
      const unsent = await producer.trySend(entries);
      const left = unsent.map(({ message }) => message);
      buffer.settle(left);
      for (const entry of left) pending.add(entry);
      const acked = pending.size === 0 ? entries : without(entries, new Set(left));
      if (pending.size > 0) { for (const entry of acked) pending.delete(entry); }
      done += acked.length;
      if (acked.length > 0) onAcked(acked, pending.size === 0);
      if (unsent.length > 0) {
        const [{ error }] = unsent;
        note(error);
        await mend(error);
        released ??= releaseLater();
        // The first failure may be of some keys alone; once nothing at all gets through there is no use in hurrying.
        inVain = unsent.length === entries.length ? inVain + 1 : 0;
        if (inVain > 1) await released;
      } else {
        inVain = 0;
        if (!buffer.isHolding && failures > 0) {
          log.info("recovered", { topic, after: `${failures} failures` });
          failures = 0;
          trouble = undefined;
        }
      }
    }
    if (buffer.length > 0) {
      throw new Error(
        `${buffer.length} messages are lost that could not be sent in time. ${trouble?.words ?? ""}`,
      );
    }
  };

  return {
    topic,
    push: buffer.push,
    open,
    run,
    close: buffer.close,
    renew: producer.renew,
    get done() {
      return done;
    },
    get length() {
      return buffer.length;
    },
    get hasRoom() {
      return buffer.hasRoom;
    },
    get trouble() {
      return trouble;
    },
  };
}

function without(entries: readonly Outgoing[], left: ReadonlySet<Outgoing>): readonly Outgoing[] {
  return entries.filter((entry) => !left.has(entry));
}
