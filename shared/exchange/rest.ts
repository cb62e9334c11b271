import { z } from "zod";
import { describe, type Log } from "../log.ts";
import { backoff, sleep } from "../wait.ts";
import { request } from "./request.ts";
import type { RequestPause } from "./request_pause.ts";

/** The exchange refuses a request because of what is asked, such as an unknown symbol: to ask again does not help. */
export class RestRefusal extends Error {
  override name = "RestRefusal";
  /** @param at when it did so, as that of an answer */
  constructor(readonly code: number | undefined, message: string, readonly at: number) {
    super(message);
  }
}

/** The exchange does not know the symbol. Binance: "Error Codes". */
export const INVALID_SYMBOL = -1121;

/** An answer of the exchange's REST API. */
export interface RestAnswer {
  /** What the JSON says; numbers that are text there stay text. */
  readonly body: unknown;
  /** When the exchange made it, by its own clock if it tells the time, in ms since the epoch, cut off to seconds. */
  readonly at: number;
}

/** As long may an answer be on its way, and clocks differ that are right, in ms. */
const SAME_TIME_MS = 15_000;

/**
 * When an answer that came just now was fetched, in ms since the epoch: by our clock or, where that is wrong, by the exchange's. Of two
 * versions that REST gave the one that was fetched later counts: a clock that was ahead must not keep the first one for good.
 */
export function fetchedAt({ at }: Pick<RestAnswer, "at">): number {
  const now = Date.now();
  // deno-lint-ignore bookline/elapsed -- the exchange's clock is another machine's
  return Math.abs(now - at) < SAME_TIME_MS ? now : at;
}

/** Asks the exchange's REST API, one request at a time, within the weight that is left. */
export interface RestClient {
  /**
   * Waits until the request may be sent, sends it, and tries again until the exchange answers.
   * @param weight what the request costs
   * @throws {RestRefusal} if the exchange refuses what is asked
   * @throws {Error} if the signal is aborted
   */
  ask(
    path: string,
    query: Readonly<Record<string, string | number>>,
    weight: number,
    signal: AbortSignal,
  ): Promise<RestAnswer>;
  /** Requests sent so far. */
  readonly requests: number;
  /** Why it gets no answers, and whether a person must act; absent while it gets some. */
  readonly trouble?: { readonly words: string; readonly isLasting: boolean };
}

export interface RestOptions {
  /** The base URL, without a slash at the end. */
  readonly url: string;
  readonly requestPause: RequestPause;
  /** Weight that is left for the requests of others. */
  readonly keep: number;
  readonly log: Log;
}

const ANSWER_MS = 10_000;
/** The longest pause between two attempts, in ms. */
const MOST_PAUSE_MS = 30_000;

/** Statuses that say nothing of the request itself. Binance: "HTTP Return Codes"; 408 is a timeout within the exchange. */
const passing = new Set([403, 408, 418, 429, 451]);

const refusal = z.object({ code: z.int(), msg: z.string() });

/** A client that has sent nothing yet. */
export function createRestClient({ url, requestPause, keep, log }: RestOptions): RestClient {
  let requests = 0;
  let trouble: RestClient["trouble"];
  let line: Promise<unknown> = Promise.resolve();

  /** Undefined: the exchange has not answered the question. */
  const attempt = async (target: string, signal: AbortSignal): Promise<RestAnswer | undefined> => {
    requests++;
    const { status, headers, ok, text } = await request(target, requestPause, ANSWER_MS, signal);
    const at = Date.parse(headers.get("date") ?? "") || Date.now();
    if (ok) return { body: JSON.parse(text), at };
    if (status < 500 && !passing.has(status)) {
      const { data } = refusal.safeParse(parse(text));
      const words = `The exchange refuses ${target} with HTTP ${status}: ${data?.msg ?? text.slice(0, 200)}`;
      throw new RestRefusal(data?.code, words, at);
    }
    trouble = { words: wordsFor(url, status, text), isLasting: status === 451 };
    return undefined;
  };

  const askNow: RestClient["ask"] = async (path, query, weight, signal) => {
    const target = `${url}${path}?${new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    )}`;
    for (let failures = 0;; failures++) {
      for (let left; (left = requestPause.leftFor(weight, keep)) > 0;) {
        await sleep(left, signal);
        signal.throwIfAborted();
      }
      try {
        const answer = await attempt(target, signal);
        if (answer) {
          if (trouble) log.info("the exchange answers again", { after: `${failures} failures` });
          trouble = undefined;
          return answer;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof RestRefusal) throw error;
        trouble = { words: `Cannot ask ${url}: ${describe(error)}`, isLasting: false };
      }
      log.sparsely("exchange", `${trouble!.words}; trying until it works`);
      await sleep(backoff(failures, 500, MOST_PAUSE_MS), signal);
      signal.throwIfAborted();
    }
  };

  return {
    ask(...request) {
      // One after the other: only the answer tells how much weight is left.
      const asked = line.then(() => askNow(...request));
      line = asked.catch(() => {});
      return asked;
    },
    get requests() {
      return requests;
    },
    get trouble() {
      return trouble;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a status says, and what to do about it. Binance: "HTTP Return Codes". */
function wordsFor(url: string, status: number, text: string): string {
  const advice: Record<number, string> = {
    403: "its firewall refuses this address: other programs here may send too much",
    418: "it has banned this address for a while: lower BINANCE_WEIGHT_PERCENT, here or of other programs",
    429: "this address has used up its weight: lower BINANCE_WEIGHT_PERCENT, here or of other programs",
    451: "it does not serve this region: set BINANCE_REST_URL to a host that does",
    503: "it is overloaded",
  };
  return `${url} answers with HTTP ${status}: ${advice[status] ?? text.slice(0, 200)}`;
}
