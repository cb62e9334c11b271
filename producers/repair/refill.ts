import type { Market } from "../../shared/exchange/markets/mod.ts";
import { fetchedAt, INVALID_SYMBOL, type RestClient, RestRefusal } from "../../shared/exchange/rest.ts";
import { describe, type Log } from "../../shared/log.ts";
import type { Outlet } from "../../shared/outlet/outlet.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import type { Ledger } from "./ledger.ts";
import { createPutOff } from "./put_off.ts";
import { BEHIND_MS, feedKey, type Found, type Range, readAnswer, requestFor, restOf } from "./ranges.ts";

/** What became of a range: how many messages the exchange gave, and how many of them were put on the topic. */
export interface Outcome {
  readonly given: number;
  readonly sent: number;
}

/** Asks the exchange for a range. Undefined: there was no answer that could be used. */
export type Ask = (range: Range, signal: AbortSignal) => Promise<Outcome | undefined>;

interface Parts {
  readonly streams: readonly Stream<ExchangeMessage>[];
  /** By the names of the streams. */
  readonly outlets: ReadonlyMap<string, Outlet>;
  readonly client: Pick<RestClient, "ask">;
  readonly ledger: Pick<Ledger, "note" | "judge" | "noteAudited">;
  readonly market: Pick<Market, "paths" | "limits">;
  readonly log: Log;
}

/** How long a range is asked for at a time, in ms: what is newer must not wait for the trades of a day. */
const TURN_MS = 20_000;

/** What to ask the exchange for. */
export interface Asks {
  /** What a range lacks, or the beginning of it. The next call with the same range goes on from there. */
  readonly repair: Ask;
  /** What a range has. */
  readonly audit: Ask;
  /** The feeds of which something is not asked for now, as its answer could not be used. See `feedKey`. */
  putOff(): string[];
}

/** All that can be asked of an exchange. */
export function asksOf({ streams, outlets, client, ledger, market, log }: Parts): Asks {
  const off = createPutOff();
  /** What is left of ranges that were begun, by their feeds and ends: their rows may not be stored yet, and are not asked for again. */
  const begun = new Map<string, Range>();

  const partsOf = ({ stream: name }: Range) => {
    const stream = streams.find(({ message }) => message.name === name);
    const outlet = outlets.get(name);
    const refill = stream?.feed?.refill;
    if (!stream || !refill || !outlet) throw new Error(`nobody can ask for ${name}`);
    const send = async (messages: readonly ExchangeMessage[], signal: AbortSignal) => {
      for (const message of messages) {
        outlet.push({ key: message.symbol, value: stream.message.codec.encode(message) });
      }
      await outlet.flush(signal);
    };
    return { refill, send };
  };

  const page = async (range: Range, signal: AbortSignal): Promise<Found<ExchangeMessage>> => {
    const { refill } = partsOf(range);
    const { query, limit, weight } = requestFor(refill, range, market.limits[refill.path]);
    const isAgain = off.wasOff(range);
    try {
      const answer = await client.ask(market.paths[refill.path], query, weight, signal);
      return readAnswer(refill, range, answer, limit, fetchedAt(answer), isAgain);
    } catch (error) {
      const { code, at } = error as RestRefusal;
      // Nobody knows where a range without an end would be absent.
      const hasEnd = range.last < Number.MAX_SAFE_INTEGER;
      if (code !== INVALID_SYMBOL || !hasEnd || !isAgain || at < range.finalAt + BEHIND_MS) throw error;
      // A symbol that is no more: there is nothing to be had.
      return { messages: [], upTo: range.last, absent: [[range.first, range.last]] };
    }
  };

  /**
   * Asks for a range page by page, for so many ms, from `from` on; `take` is given each page, and returns how many messages it has sent.
   * `left` is what is not asked for yet.
   */
  const each = async (
    range: Range,
    from: Range,
    turn: number,
    signal: AbortSignal,
    take: (left: Range, found: Found<ExchangeMessage>) => Promise<number>,
  ): Promise<Outcome & { readonly left?: Range } | undefined> => {
    if (off.has(range)) return undefined;
    const startedAt = performance.now();
    let [given, sent] = [0, 0];
    try {
      let left: Range | undefined = from;
      while (left && !signal.aborted && performance.now() < startedAt + turn) {
        const found: Found<ExchangeMessage> = await page(left, signal);
        sent += await take(left, found);
        given += found.messages.length;
        left = restOf(left, found.upTo);
      }
      off.delete(range);
      return { given, sent, left };
    } catch (error) {
      if (signal.aborted) return undefined;
      off.add(range, error instanceof RestRefusal);
      log.sparsely("look", "what the exchange says of a gap can't be used; it is asked again", {
        ...{ feed: range.feed, why: describe(error) },
      });
      return undefined;
    }
  };

  return {
    async repair(range, signal) {
      const key = `${feedKey(range)} ${range.last}`;
      const former = begun.get(key);
      begun.delete(key);
      const isSame = former && former.first > range.first && former.startsAt <= range.startsAt;
      const outcome = await each(
        range,
        isSame ? former : range,
        TURN_MS,
        signal,
        async (_left, { messages, upTo, absent }) => {
          // What is noted is on Kafka: if the process is killed before that, it is asked for again.
          await partsOf(range).send(messages, signal);
          await ledger.note(range, upTo, absent, signal);
          return messages.length;
        },
      );
      if (outcome?.left) begun.set(key, outcome.left);
      return outcome;
    },
    async audit(range, signal) {
      const outcome = await each(range, range, Infinity, signal, async (left, { messages, upTo }) => {
        const { refill, send } = partsOf(range);
        const wrong = new Set(await ledger.judge({ ...left, last: upTo }, messages, signal));
        const replacing = messages.filter((message) => wrong.has(refill.positionOf(message)));
        await send(replacing, signal);
        return replacing.length;
      });
      // If the process is killed before what replaces rows is on Kafka, they are compared again.
      if (outcome && !signal.aborted) await ledger.noteAudited(range, signal);
      return outcome;
    },
    putOff: off.feeds,
  };
}
