import type { Break, StoredTo } from "../shared/kafka/mod.ts";
import type { RetryOptions } from "../shared/retry.ts";
import type { CountName } from "../shared/telemetry/metrics.ts";

/** A message that a sink refuses because of its content: its place among the given ones, and why. */
export interface Refused {
  readonly index: number;
  readonly cause: string;
}

/** Most messages are refused: the cause is not their content, but something about the sink that a person must change. */
export class RefusedError extends Error {
  override name = "RefusedError";
}

/** A span of which messages of a symbol may be missing as Kafka lost them; `from` is the event time of the last one before, in ms. */
export interface Loss {
  readonly symbol: string;
  readonly from: number;
}

/** Why a loss begins. */
export type LossReason = Break | "truncated or made anew";

/** Where it is kept up to where messages are stored, and what Kafka lost. Each function throws if the server does not answer. */
export interface SinkLosses {
  /** Up to where each partition is known to be stored. */
  storedTo(): Promise<ReadonlyMap<number, StoredTo>>;
  /** The losses that no later message has ended. */
  open(): Promise<readonly Loss[]>;
  /** Notes up to where messages of a partition are stored and committed. */
  noteStored(partition: number, times: StoredTo): Promise<void>;
  /** Begins a loss of each symbol of a partition, where it is stored to; by default where it is known to be so. */
  begin(partition: number, reason: LossReason, times?: StoredTo): Promise<void>;
  /** Ends the losses of symbols at the event times of later messages. */
  end(times: StoredTo): Promise<void>;
}

/** Where a consumer writes. It knows which errors a message causes, and runs its own jobs. */
export interface Sink<M> extends AsyncDisposable {
  /** How many writes may be under way at once. */
  readonly width: number;
  /**
   * Connects, and checks that messages can be written.
   * @throws an error that is not transient if a person must change something first
   */
  open(): Promise<void>;
  /**
   * Starts the jobs, which run until the sink is disposed of. Only what is urgent is done while `isBehind` says that messages wait.
   * `retry` is for what must be known before the first write.
   */
  startJobs(retry: RetryOptions, isBehind: () => boolean): Promise<void>;
  /**
   * Writes messages of distinct keys and returns those that are refused because of their content. `load` is called again if the messages
   * are needed again. A sink encodes each message at once and does not keep it: keeping them cost a third of the consumer's speed.
   * @throws {RefusedError} if most are refused
   * @throws {Error} any other error that a message's content does not cause. After each of them the same messages may be written again
   */
  write(load: () => Iterable<M>): Promise<Refused[]>;
  /**
   * Is told once a second, once the jobs have started, of each partition that is stored up to its end: its number, the number of the
   * topic's partitions, and how many ms ago that was its end. Absent if the sink does not want to know.
   * @throws if it can't be noted; it is told again
   */
  readonly readToEnd?: (partition: number, partitions: number, agoMs: number) => Promise<void>;
  /** Keeps what Kafka lost; absent if the sink or its stream does not want to know. */
  readonly losses?: SinkLosses;
  /** Returns a function that says whether a message is too old, as of now, to be kept. */
  expiry(): (message: M) => boolean;
  /** Why a person must act though writing succeeds, in words; undefined if nobody must. */
  stuck(): string | undefined;
  /** What its jobs have counted until now, by the name of the count. */
  counts(): Partial<Record<CountName, number>>;
  /** @throws if the server does not answer; asks on a connection of its own */
  ping(): Promise<void>;
  /** How failures are explained and retried: the sink's own words, and which errors end by waiting. */
  readonly failures: Pick<RetryOptions, "explain" | "lasts" | "slow"> & {
    readonly isTransient: (error: unknown) => boolean;
    /** The error to end with. */
    readonly explained: (error: unknown) => Error;
  };
}
