import {
  isAnswer,
  isUnknownTopic,
  type Kafka,
  kafkaFault,
  kafkaFaultLasts,
  type Outgoing,
} from "../kafka/mod.ts";
import type { Config } from "../config/config.ts";
import type { Kind, Log } from "../log.ts";
import { retryForever } from "../retry.ts";
import { createCondition } from "../wait.ts";
import { createBuffer } from "./buffer.ts";
import type { Rows } from "./queue.ts";
import { createRenewableProducer } from "./renewable.ts";
import { sendAll, type SenderListener } from "./sender.ts";

/** Why a topic can't be written, and whether a person must act. */
export interface Trouble {
  readonly words: string;
  readonly isLasting: boolean;
  /** Kafka itself has told it. */
  readonly isAnswer: boolean;
}

/** The way to one Kafka topic: a bounded buffer, and what sends it and retries. The trouble of one outlet is no other's. */
export interface Outlet {
  readonly topic: string;
  /** Takes an entry to be sent. Past the buffer's limit older entries are merged or dropped. */
  push(entry: Outgoing): void;
  /** Resolves once the buffer is less than half full, or the signal is aborted. A source that waits for it loses nothing. */
  room(signal: AbortSignal): Promise<void>;
  /**
   * Resolves once all entries are acked.
   * @throws {Error} if a person must act first, or the signal is aborted
   */
  flush(signal: AbortSignal): Promise<void>;
  /**
   * Makes the topic where it is missing, waits for Kafka, and sends until the outlet is closed and all is acked.
   * @throws {ConfigError} if the topic is set up such that it would lose messages
   * @throws {Error} if entries are left when the outlet's signal is aborted
   */
  run(): Promise<void>;
  /** No more entries come: lets `run` end. */
  close(): void;
  /** Goes on with new connections. What was under way is sent again. */
  renew(): void;
  /** What became of the entries so far; those of `length` are not sent yet. */
  readonly counts: Readonly<Counts>;
  readonly length: number;
  /** How many entries it was given. They are numbered from 0 on. */
  readonly pushed: number;
  /** All entries with a smaller number are acked or dropped. One that was merged has the number of the older one. */
  readonly settled: number;
  /** Whether the buffer is less than half full. */
  readonly hasRoom: boolean;
  /** Why the topic can't be written; absent while it can. */
  readonly trouble?: Trouble;
}

/** Entries: acked by Kafka, merged into a newer version of their row, lost to stay within the limit. */
export interface Counts {
  acked: number;
  merged: number;
  dropped: number;
}

export interface OutletOptions {
  readonly topic: string;
  /** Of the buffer, in bytes. */
  readonly limit: number;
  /** How the full buffer merges entries; without it, it drops the oldest. */
  readonly rows?: Rows;
  readonly kafka: Pick<Kafka, "ensureTopics" | "producer">;
  readonly config: Config["kafka"];
  /** Aborted: what is left is given up. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Of its failures in the log. */
  readonly kind: Kind;
  /** The full buffer dropped this entry. */
  readonly onDropped?: (entry: Outgoing, number: number) => void;
}

/** An outlet with an empty buffer. It sends once `run` is called. */
export function createOutlet(options: OutletOptions): Outlet {
  const { topic, limit, rows, kafka, config, signal, log, kind, onDropped } = options;
  const counts: Counts = { acked: 0, merged: 0, dropped: 0 };
  const buffer = createBuffer(limit, {
    onMerged: () => void counts.merged++,
    onDropped(entry, number) {
      counts.dropped++;
      log.sparsely("overflow", "the buffer is full and its oldest messages are dropped", {
        topic,
        dropped: counts.dropped,
      });
      onDropped?.(entry, number);
    },
  }, rows);
  const producer = createRenewableProducer(() => kafka.producer(topic));
  /** Notified when entries are acked or the trouble changes. */
  const changed = createCondition();
  let trouble: Trouble | undefined = {
    words: "Kafka has not been reached yet",
    isLasting: false,
    isAnswer: false,
  };
  const explain = (error: unknown) => `Cannot write to the topic ${topic}: ${kafkaFault(config, error)}`;
  const note = (error: unknown) => {
    trouble = { words: explain(error), isLasting: kafkaFaultLasts(error), isAnswer: isAnswer(error) };
    log.sparsely(kind, `${trouble.words}; trying until it works`);
    changed.notifyAll();
  };
  const ensure = () => kafka.ensureTopics([topic]);
  const open = async () => {
    const onTrouble = (words = "", isLasting = false) => {
      trouble = { words, isLasting, isAnswer: false };
      changed.notifyAll();
    };
    await retryForever(ensure, { signal, log, kind, explain, lasts: kafkaFaultLasts, onTrouble });
    trouble = undefined;
  };
  const listener: SenderListener = {
    onAcked(count) {
      counts.acked += count;
      changed.notifyAll();
    },
    async onFailure(error) {
      note(error);
      // A topic that was deleted is made again.
      if (isUnknownTopic(error)) await ensure().catch(note);
    },
    onRecovery(failures) {
      log.info("recovered", { topic, after: `${failures} failures` });
      trouble = undefined;
    },
  };

  return {
    topic,
    push: buffer.push,
    async room(signal) {
      while (!buffer.hasRoom && !signal.aborted) await changed.wait(signal);
    },
    async flush(signal) {
      while (buffer.length > 0) {
        if (trouble?.isLasting || signal.aborted) {
          throw new Error(trouble?.words ?? `Cannot write to the topic ${topic}: Kafka does not answer`);
        }
        await changed.wait(signal);
      }
    },
    async run() {
      await using _closing = producer;
      await open();
      await sendAll(buffer, producer, listener, signal);
      if (buffer.length === 0) return;
      throw new Error(
        `${buffer.length} messages are lost that could not be sent in time. ${trouble?.words ?? ""}`,
      );
    },
    close: buffer.close,
    renew: producer.renew,
    counts,
    get length() {
      return buffer.length;
    },
    get pushed() {
      return buffer.pushed;
    },
    get settled() {
      return buffer.settled;
    },
    get hasRoom() {
      return buffer.hasRoom;
    },
    get trouble() {
      return trouble;
    },
  };
}
