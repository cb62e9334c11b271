import type { Batch } from "../shared/kafka/mod.ts";
import { persist, type Persistence } from "../shared/retry.ts";
import type { Stream } from "../shared/stream.ts";
import type { Chores } from "./chores.ts";
import { decode, type Decoded, newestPerRow } from "./decode.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
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
 * Messages live only from decoding to encoding; whoever needs them later, which is seldom, decodes the batches again.
 */
export function createStore<M extends Message>(
  stream: Stream<M>,
  { sink, chores, database, setAside }: Means<M>,
): (batches: readonly Batch[]) => Promise<Outcome[]> {
  const decodeAll = (batches: readonly Batch[]) => batches.map((batch) => decode(stream, batch));

  /** The rows of batches, in an order that is the same each time. */
  const rowsOf = (all: readonly Decoded<M>[]) => {
    const fresh = all.flatMap(({ messages }) => messages).filter((message) => !chores.isExpired(message));
    // Rows that are never replaced need no choosing: the database leaves out what it has.
    return stream.table.version.length === 0 ? fresh : newestPerRow(stream, fresh);
  };

  /** Finds the messages that refused rows were made of. */
  const locate = (batches: readonly Batch[], refused: readonly Refused[]): Unwanted[] => {
    if (refused.length === 0) return [];
    const all = decodeAll(batches);
    const rows = rowsOf(all);
    const causes = new Map(refused.map(({ index, cause }) => [rows[index], cause]));
    return all.flatMap(({ messages, places }, i) =>
      messages.flatMap((message, j) => {
        const cause = causes.get(message);
        return cause === undefined ? [] : [{ batch: batches[i], place: places[j], cause }];
      })
    );
  };

  return async (batches) => {
    let outcomes: Outcome[] = [];
    let poison: Unwanted[] = [];
    const load = () => {
      const all = decodeAll(batches);
      outcomes = all.map((decoded, i) => outcomeOf(stream, batches[i], decoded, chores.isExpired));
      poison = all.flatMap((decoded, i) => decoded.poison.map((one) => ({ batch: batches[i], ...one })));
      return rowsOf(all);
    };
    const refused = locate(batches, await persist(() => sink.write(load), database));
    for (const { batch, place } of refused) outcomes[batches.indexOf(batch)].fates[place] = "rejected";
    await setAside([...poison, ...refused]);
    return outcomes;
  };
}
