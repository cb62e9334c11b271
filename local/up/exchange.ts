import { type Config, readOptions } from "../../shared/config/config.ts";
import { describe } from "../../shared/log.ts";
import type { Stream } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import { intervalOf } from "../exchange/event.ts";
import { symbolsOf } from "../exchange/recording.ts";
import { type Exchange, startExchange } from "../exchange/server.ts";
import { type Feed, pathOf } from "./feed.ts";
import type { Options } from "./options.ts";

/** Messages a second of a simulated market, over all streams: those of ten symbols in a quiet hour. */
const USUAL_RATE = 200;

/** An exchange on this machine that waits to be started, and its symbols. */
export interface LocalExchange extends AsyncDisposable {
  readonly exchange: Exchange;
  readonly symbols: readonly string[];
}

/**
 * Starts the exchange that a feed needs; undefined for one that is elsewhere.
 *
 * @param streams what the producers will read of it
 * @param hasSymbols whether the user names them; else a recording's own are taken
 * @throws {Error} if the recording can't be played
 */
export async function startLocalExchange(
  feed: Feed,
  { speed = 1, rate }: Options,
  streams: readonly Stream[],
  { market, symbols }: Config,
  hasSymbols: boolean,
): Promise<LocalExchange | undefined> {
  if (feed.kind === "live" || feed.kind === "host") return undefined;
  if (feed.kind === "simulated") {
    const making = {
      intervals: [...new Set(feedsOf(symbols, streams).flatMap((feed) => intervalOf(feed) ?? []))],
      rate: rate ?? USUAL_RATE,
      seed: 1,
    };
    return wrap(
      await startExchange({ market, feed: { kind: "simulated", symbols, ...making }, paused: true }),
      symbols,
    );
  }
  const file = pathOf(feed.file);
  const recorded = hasSymbols ? symbols : await symbolsOf(file).catch((error) => {
    throw new Error(`Cannot play ${feed.file}: ${describe(error)}`);
  });
  if (recorded.length === 0) throw new Error(`Cannot play ${feed.file}: there is no message in it`);
  const pace = rate === undefined ? { speed } : { rate };
  const replayed = { kind: "replayed", file, symbols: recorded } as const;
  return wrap(await startExchange({ market, feed: replayed, pace, paused: true }), recorded);
}

function wrap(exchange: Exchange, symbols: readonly string[]): LocalExchange {
  exchange.finished.catch(() => {}); // it is waited for later, or never
  return { exchange, symbols, [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose]() };
}

/** The feeds of the symbols that the streams read: `btcusdt@kline_1m`. */
function feedsOf(symbols: readonly string[], streams: readonly Stream[]): string[] {
  return symbols.flatMap((symbol) =>
    streams.flatMap(({ feed }) => feed?.subscriptions(symbol, readOptions(feed.options)) ?? [])
  );
}

/** Waits until the producers are subscribed to all that they want of the exchange, or the signal is aborted. */
export async function untilSubscribed(
  exchange: Exchange,
  streams: readonly Stream[],
  { symbols }: Config,
  signal: AbortSignal,
): Promise<void> {
  const wanted = feedsOf(symbols, streams);
  while (!signal.aborted) {
    const there = new Set(exchange.status().connections.flatMap((connection) => connection.streams));
    if (wanted.every((stream) => there.has(stream))) return;
    await sleep(20, signal);
  }
}

/** Frames that the exchange has sent to its clients. */
export function framesSent(exchange: Exchange): number {
  return Object.values(exchange.status().sentByKind).reduce((sum, count) => sum + count, 0);
}
