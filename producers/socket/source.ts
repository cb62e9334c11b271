import type { Config } from "../../shared/config/config.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import type { Line } from "../../shared/exchange/urls.ts";
import type { Log } from "../../shared/log.ts";
import type { Outlet, Trouble } from "../../shared/outlet/outlet.ts";
import type { Source } from "../../shared/outlet/produce.ts";
import type { ExchangeMessage, Feed, MessageType } from "../../shared/stream.ts";
import { keepConnected } from "./connection.ts";
import { lookByRest } from "./last_trade.ts";
import { createOverlap } from "./overlap.ts";
import { createReceiver, type SourceCounts } from "./receiver.ts";
import type { FeedListener } from "./types.ts";
import { createWatchdog } from "./watchdog.ts";

/** No frame for so long, on connections that carry a market, is no quiet market. */
const SILENT_MS = 60_000;

/** What the exchange sends of a stream, on as many connections as it takes. */
export interface SocketSource {
  /** Receives until it is told to stop. */
  readonly run: Source;
  readonly counts: Readonly<SourceCounts>;
  /** The last price of each symbol, a decimal string. */
  readonly prices: Readonly<Record<string, string>>;
  /** Why a connection is down, of each that is. */
  readonly troubles: readonly Pick<Trouble, "words" | "isLasting">[];
  /** In words, where all connections are up and nothing has come for a minute. */
  readonly silence?: string;
}

/**
 * @param lines the connections
 * @param messages takes the messages
 * @param letters takes the frames that can't be decoded
 * @param listener is told what was received of which feed, and what was lost
 */
export function createSocketSource<M extends ExchangeMessage>(
  type: MessageType<M>,
  feed: Feed<M>,
  lines: readonly Line[],
  config: Config<"exchange" | "producer">,
  messages: Pick<Outlet, "push">,
  letters: Pick<Outlet, "push">,
  listener: FeedListener,
  log: Log,
): SocketSource {
  const receiver = createReceiver(type, feed, messages, letters, log);
  const down = new Map(lines.map(({ url }) => [url, notReached]));
  const requestPause = createRequestPause();
  const look = lookByRest(config.binanceRestUrl + config.market.paths.ticker24h, requestPause, log);

  const keep = async (line: Line, signal: AbortSignal) => {
    const { url, streams } = line;
    const overlap = createOverlap(feed.identity);
    const watchdog = createWatchdog(streams, config.silenceMs, look, performance.now());
    await keepConnected(
      { ...line, ...config, watchdog, requestPause },
      {
        onFrame: (data) => receiver.onFrame(data, overlap, listener.seen),
        onOverlap: (begins) => begins ? overlap.begin() : overlap.end(),
        onUp() {
          down.delete(url);
          listener.subscribed(streams);
        },
        onDown(words, isLasting = false) {
          down.set(url, { words, isLasting });
          listener.lost(streams, "lost connection");
        },
        onMute: (names) =>
          listener.lost(names, names.length === streams.length ? "lost connection" : "mute stream"),
        onMissed: (from, to) => listener.missed(streams, from, to),
      },
      signal,
      log,
    );
  };

  return {
    async run(signal) {
      await Promise.all(lines.map((line) => keep(line, signal)));
    },
    counts: receiver.counts,
    prices: receiver.prices,
    get troubles() {
      return [...down.values()];
    },
    get silence() {
      const silent = performance.now() - receiver.lastData;
      return down.size === 0 && silent > SILENT_MS
        ? `no frame for ${Math.round(silent / 1_000)} s`
        : undefined;
    },
  };
}

const notReached = { words: "the exchange has not been reached yet", isLasting: false };
