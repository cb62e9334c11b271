import type { Batch } from "../shared/kafka/mod.ts";
import { persist, type Persistence } from "../shared/retry.ts";
import type { Stream } from "../shared/stream.ts";
import type { Chores } from "./chores.ts";
import { createDecoder, newestPerRow } from "./decode.ts";
import { type Fate, newOutcome, type Outcome } from "./outcome.ts";
import type { Refused, Sink } from "./sink.ts";

type Message = { symbol: string; receivedAt?: number };

/** A message that can't be decoded or stored: its place in the batch, and the reason. */
export interface Unwanted {
  readonly batch: Batch;
  readonly place: number;
  readonly cause: string;
}

/** What storing needs. */
export interface Means<M extends Message> {
  readonly sink: Sink<M>;
  readonly chores: Chores<M>;
  readonly database: Persistence;
  /** Puts messages on the dead-letter topic; returns once they are acked. */
  readonly setAside: (unwanted: readonly Unwanted[]) => Promise<void>;
}

/**
 * Makes what stores batches: it decodes them, writes the rows, sets aside the rest, and returns what became of each batch.
 * A message lives only from its decoding to its encoding; whoever needs it later, which is seldom, decodes the batches again.
 */
export function createStore<M extends Message>(
  stream: Stream<M>,
  { sink, chores, database, setAside }: Means<M>,
): (batches: readonly Batch[]) => Promise<Outcome[]> {
  const decoder = createDecoder(stream);
  // Rows that are never replaced need no choosing: the database leaves out what it has.
  const rowsOf = (messages: Iterable<M>) =>
    stream.table.version.length === 0 ? messages : newestPerRow(stream, messages);

  /** The messages of a batch that are to be stored, one by one; what becomes of the others is noted in the outcome. */
  function* fresh({ messages }: Batch, outcome: Outcome, isExpired: (message: M) => boolean): Generator<M> {
    for (let place = 0; place < messages.length; place++) {
      const { value } = messages[place];
      const message = decoder.read(value);
      if (message === undefined) {
        outcome.fates[place] = decoder.faultIn(value) === undefined ? "legacy" : "rejected";
        continue;
      }
      if (message.receivedAt !== undefined) outcome.receivedAt.push(message.receivedAt);
      if (stream.lastPrice) outcome.prices[message.symbol] = stream.lastPrice(message);
      if (isExpired(message)) outcome.fates[place] = "expired";
      else yield message;
    }
  }

  return async (batches) => {
    const isExpired = chores.expiry();
    let outcomes: Outcome[] = [];
    function* freshOfAll() {
      outcomes = batches.map(newOutcome);
      for (const [i, batch] of batches.entries()) yield* fresh(batch, outcomes[i], isExpired);
    }
    const placesOf = (fate: Fate) =>
      batches.flatMap((batch, i) =>
        outcomes[i].fates.includes(fate)
          ? [...outcomes[i].fates.keys()].filter((place) => outcomes[i].fates[place] === fate)
            .map((place) => ({ batch, place }))
          : []
      );
    /** Finds the messages that refused rows were made of. */
    const locate = (refused: readonly Refused[]): Unwanted[] => {
      if (refused.length === 0) return [];
      const messages = [...freshOfAll()];
      const rows = [...rowsOf(messages)];
      const causes = new Map(refused.map(({ index, cause }) => [rows[index], cause]));
      return placesOf("stored").flatMap(({ batch, place }, i) => {
        const cause = causes.get(messages[i]);
        return cause === undefined ? [] : [{ batch, place, cause }];
      });
    };

    const refused = locate(await persist(() => sink.write(() => rowsOf(freshOfAll())), database));
    const poison = placesOf("rejected").map(({ batch, place }) => ({
      batch,
      place,
      cause: decoder.faultIn(batch.messages[place].value)!,
    }));
    for (const { batch, place } of refused) outcomes[batches.indexOf(batch)].fates[place] = "rejected";
    await setAside([...poison, ...refused]);
    return outcomes;
  };
}
