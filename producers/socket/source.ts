import type { Config } from "../../shared/config/config.ts";
import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import type { Connection } from "../../shared/exchange/urls.ts";
import type { Log } from "../../shared/log.ts";
import type { Outlet, Trouble } from "../../shared/outlet/outlet.ts";
import type { Source } from "../../shared/outlet/produce.ts";
import type { ExchangeMessage, Feed, MessageType } from "../../shared/stream.ts";
import { keepConnected } from "./connection.ts";
import { createConnectionWatchdog } from "./connection_watchdog.ts";
import { createFeedWatchdog } from "./feed_watchdog.ts";
import { lookByRest } from "./last_trade.ts";
import { createOverlap } from "./overlap.ts";
import { createReceiver, type OnMessage, type SourceCounts } from "./receiver.ts";
import type { FeedListener } from "./types.ts";

/** A market is never quiet for so long on all connections, in ms. */
const SILENT_MS = 60_000;

/** What the exchange sends of a stream, on one connection or several. */
export interface SocketSource {
  /** Receives until it is told to stop. */
  readonly run: Source;
  readonly counts: Readonly<SourceCounts>;
  /** The last price of each symbol, a decimal string. */
  readonly prices: Readonly<Record<string, string>>;
  /** Why a connection is down, of each that is. */
  readonly troubles: readonly Pick<Trouble, "words" | "isLasting">[];
  /** In words, if all connections are up and nothing has come for a minute, though the feeds are such that something must. */
  readonly silence?: string;
}

/**
 * @param messages takes the messages
 * @param letters takes the frames that can't be decoded
 * @param listeners each is told what was received, and what was lost, of the feeds of one connection
 * @param requestPause of all requests to the exchange
 */
export function createSocketSource<M extends ExchangeMessage>(
  type: MessageType<M>,
  feed: Feed<M>,
  connections: readonly Connection[],
  config: Config<"exchange" | "producer">,
  messages: Pick<Outlet, "push">,
  letters: Pick<Outlet, "push">,
  listeners: readonly FeedListener[],
  requestPause: RequestPause,
  log: Log,
): SocketSource {
  const receiver = createReceiver(type, feed, messages, letters, log);
  const down = new Map(connections.map(({ url }) => [url, notReached]));
  const look = lookByRest(config.binanceRestUrl + config.market.paths.ticker24h, requestPause, log);

  const isSparse = feed.silence === "unknown";
  const watch = (feeds: readonly string[]) => {
    const now = performance.now();
    if (isSparse) return createConnectionWatchdog(feeds, config.silenceMs, now);
    return createFeedWatchdog(feeds, config.silenceMs, feed.silence === "trades" ? look : undefined, now);
  };
  const keep = async ({ url, feeds }: Connection, listener: FeedListener, signal: AbortSignal) => {
    const overlap = createOverlap(feed.identity);
    const onMessage: OnMessage = (name, time, message) => listener.message(name, time, false, message);
    const onNewMessage: OnMessage = (name, time, message) => listener.message(name, time, true, message);
    await keepConnected(
      { url, feeds, ...config, isSparse, watchdog: watch(feeds), requestPause },
      {
        onFrame: (data, isNew) => receiver.onFrame(data, overlap, isNew ? onNewMessage : onMessage),
        onReplacing: overlap.begin,
        onReplaced(isReplaced) {
          overlap.end();
          listener.endReplacing(isReplaced);
          // Feeds that were dead on the first connection are subscribed on the second.
          if (isReplaced) listener.subscribed(feeds);
        },
        onUp() {
          down.delete(url);
          listener.subscribed(feeds);
        },
        onSubscribed: listener.subscribed,
        onAsking: listener.asking,
        onDown(words, isLasting = false) {
          down.set(url, { words, isLasting });
          listener.lost(feeds, "lost connection");
        },
        onMute: (names) =>
          names.length === feeds.length ? listener.lost(names, "lost connection") : listener.mute(names),
        onCutShort: () => listener.lost(feeds, "lost connection"),
      },
      signal,
      log,
    );
  };

  return {
    async run(signal) {
      await Promise.all(connections.map((connection, n) => keep(connection, listeners[n], signal)));
    },
    counts: receiver.counts,
    prices: receiver.prices,
    get troubles() {
      return [...down.values()];
    },
    get silence() {
      const silent = performance.now() - receiver.lastData;
      if (isSparse || down.size > 0 || silent <= SILENT_MS) return undefined;
      return `no frame for ${Math.round(silent / 1_000)} s`;
    },
  };
}

const notReached = { words: "the exchange has not been reached yet", isLasting: false };
