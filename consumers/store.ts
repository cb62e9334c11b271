import type { Batch, Incoming } from "../shared/kafka/mod.ts";
import { retryForever, type RetryOptions } from "../shared/retry.ts";
import { rowKey } from "../shared/order.ts";
import type { MessageType, StreamMessage } from "../shared/stream.ts";
import { type Decoder, newestPerRow } from "./decode.ts";
import { noteTime } from "./losses.ts";
import { newOutcome, type Outcome, type Result } from "./outcome.ts";
import { type Refused, RefusedError, type Sink } from "./sink.ts";

/** A message that can't be decoded or stored: its place in the batch, and the reason. */
export interface Unwanted {
  readonly batch: Batch;
  readonly place: number;
  readonly cause: string;
}

/** What `createStore` needs. */
export interface Means<M extends StreamMessage> {
  readonly decoder: Decoder<M>;
  readonly sink: Pick<Sink<M>, "write" | "expiry">;
  /** How writing is retried. */
  readonly retry: RetryOptions;
  /** The batches that were read later and are not stored yet. */
  readonly waiting: () => readonly Batch[];
  /** Puts messages on the dead-letter topic; returns once they are acked. */
  readonly setAside: (unwanted: readonly Unwanted[]) => Promise<void>;
}

/**
 * Makes the function that stores batches: it decodes them, writes the rows, sets aside the other messages, and returns the outcome of
 * each batch. A message is in memory only from its decoding to its encoding. If it is needed again, the batches are decoded again.
 */
export function createStore<M extends StreamMessage>(
  type: MessageType<M>,
  { decoder, sink, retry, waiting, setAside }: Means<M>,
): (batches: readonly Batch[]) => Promise<Outcome[]> {
  // Rows that are never replaced are not compared here: the database ignores those that it has.
  const rowsOf = (messages: Iterable<M>) =>
    type.version.length === 0 ? messages : newestPerRow(type, messages);

  const faultIn = ({ value, damage }: Incoming) => damage?.cause ?? decoder.faultIn(value)!;

  /** Yields the messages of a batch that are to be stored; notes the result of the others in the outcome. */
  function* fresh({ messages }: Batch, outcome: Outcome, isExpired: (message: M) => boolean): Generator<M> {
    for (let place = 0; place < messages.length; place++) {
      if (outcome.results[place] !== "stored") continue;
      const { value, damage } = messages[place];
      const message = damage ? undefined : decoder.read(value);
      if (message === undefined) {
        outcome.results[place] = damage || decoder.faultIn(value) !== undefined ? "rejected" : "legacy";
        continue;
      }
      if (message.receivedAt !== undefined) outcome.receivedAt.push(message.receivedAt);
      if (type.lastPrice && message.symbol) outcome.prices[message.symbol] = type.lastPrice(message);
      noteTime(outcome.times, message);
      if (isExpired(message)) outcome.results[place] = "expired";
      else yield message;
    }
  }

  return async (batches) => {
    const isExpired = sink.expiry();
    /** For each batch: why the sink refuses a message, by its place. */
    const causes = batches.map(() => new Map<number, string>());
    let outcomes: Outcome[] = [];
    function* freshOfAll() {
      outcomes = batches.map(newOutcome);
      for (const [i, batch] of batches.entries()) {
        for (const place of causes[i].keys()) outcomes[i].results[place] = "rejected";
        yield* fresh(batch, outcomes[i], isExpired);
      }
    }
    const placesOf = (result: Result) =>
      outcomes.flatMap(({ results }, i) =>
        results.includes(result)
          ? [...results.keys()].filter((place) => results[place] === result).map((place) => ({ i, place }))
          : []
      );
    /** Notes why messages of these batches are refused; returns whether any are. Later rows are judged in their turn. */
    const note = (refused: readonly Refused[]): boolean => {
      const messages = [...freshOfAll()];
      const rows = [...rowsOf(messages)];
      const own = refused.filter(({ index }) => index < rows.length);
      const causeOf = new Map(own.map(({ index, cause }) => [rows[index], cause]));
      for (const [n, { i, place }] of placesOf("stored").entries()) {
        const cause = causeOf.get(messages[n]);
        if (cause === undefined) continue;
        causes[i].set(place, cause);
        outcomes[i].results[place] = "rejected";
      }
      return own.length > 0;
    };

    /** The rows, and rows of other keys that were read later: the latter show whether only few rows are bad or all are refused. */
    function* withLater(): Generator<M> {
      const own = [...rowsOf(freshOfAll())];
      if (own.length === 0) return;
      yield* own;
      const keys = new Set(own.map((row) => rowKey(type, row)));
      const later = waiting().flatMap((batch) => [...fresh(batch, newOutcome(batch), isExpired)]);
      for (const row of rowsOf(later)) {
        if (!keys.has(rowKey(type, row))) yield row;
      }
    }
    let isAlone = true;
    const write = async (): Promise<Refused[]> => {
      try {
        return await sink.write(() => isAlone ? rowsOf(freshOfAll()) : withLater());
      } catch (error) {
        if (!isAlone || !(error instanceof RefusedError)) throw error;
        // Rows that are written before their turn are written again in their turn, which changes nothing.
        isAlone = false;
        return await write();
      }
    };

    for (let isDone = false; !isDone;) {
      const refused = await retryForever(write, retry);
      // An older version of a refused row may be good: it was left out in favour of the refused one.
      isDone = refused.length === 0 || !note(refused) || type.version.length === 0;
    }
    await setAside(
      placesOf("rejected").map(({ i, place }) => ({
        batch: batches[i],
        place,
        cause: causes[i].get(place) ?? faultIn(batches[i].messages[place]),
      })),
    );
    return outcomes;
  };
}
