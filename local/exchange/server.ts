import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createCandleHistory } from "./candle_history.ts";
import { createClients } from "./clients.ts";
import { binanceRules, type Rules } from "./connection.ts";
import { control } from "./control.ts";
import { kindOf, payloadText } from "./event.ts";
import { eventsOf, type Feed } from "./feed.ts";
import { shakeHands } from "./handshake.ts";
import { spanOf } from "./interval.ts";
import { createPlayer, type Pace } from "./player.ts";
import { refusal, restReply } from "./rest.ts";
import { createTally } from "./tally.ts";
import { replay } from "./truth.ts";

export interface ExchangeOptions {
  readonly feed: Feed;
  /** By default as fast as time passes. */
  readonly pace?: Pace;
  /** By default 127.0.0.1. */
  readonly host?: string;
  /** By default a free one. */
  readonly port?: number;
  /** Nothing is played before `start()`. */
  readonly paused?: boolean;
  /** Binance's, unless a test needs others. */
  readonly rules?: Partial<Rules>;
}

/** A message that was played: what the tables are compared with. */
export interface Truth {
  readonly stream: string;
  readonly data: Record<string, unknown>;
}

/** How an exchange stands. Counts by kind are by `bookTicker`, `kline`, `trade`, … */
export interface Status {
  readonly feed: Feed;
  /** ms since the epoch; undefined before the first start. */
  readonly startTime?: number;
  readonly isPlaying: boolean;
  readonly isFinished: boolean;
  readonly played: number;
  readonly playedByKind: Record<string, number>;
  /** Frames sent to clients: one message counts once for each. */
  readonly sentByKind: Record<string, number>;
  /** Connections ended so far, by cause. */
  readonly ended: Record<string, number>;
  readonly connections: readonly {
    readonly id: number;
    readonly route: string;
    readonly offset: number;
    readonly backlog: number;
    readonly streams: readonly string[];
  }[];
}

/** A running simulated exchange. */
export interface Exchange extends AsyncDisposable {
  /** The base of REST and of `/control`: `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The base of the streams: `ws://127.0.0.1:41234`. */
  readonly wsUrl: string;
  readonly port: number;
  start(): void;
  pause(): void;
  /** Resolves when the feed has come to its end, or the exchange to its own; rejects if the feed fails. */
  readonly finished: Promise<void>;
  status(): Status;
  /**
   * All that was played so far, in order, whatever became of it on its way. `E` is that of a connection without offset:
   * of a simulated feed each connection's `E` is its `offset`, at most 9 ms, later.
   */
  truth(): AsyncIterable<Truth>;
}

/** How often connections are looked at for pings that are due, ms. */
const watchEvery = 50;

/**
 * Starts an exchange that keeps the contract of Binance USD-M's market data, on loopback.
 * @throws {RangeError} if Binance has no such interval
 * @throws {Error} if the port can't be had
 */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const { feed, pace = { speed: 1 }, host = "127.0.0.1" } = options;
  const rules = { ...binanceRules, ...options.rules };
  if (feed.kind === "simulated") feed.intervals.forEach((interval) => spanOf(interval, 0));
  const clients = createClients(rules);
  const candles = createCandleHistory();
  const playedByStream = createTally();
  let startTime = feed.kind === "simulated" ? feed.startTime : undefined;
  let lastTime = 0;
  let isFinished = false;

  const player = createPlayer(() => eventsOf(feed, startTime ??= Date.now()), pace, {
    ...clients,
    deliver(event) {
      lastTime = Math.max(lastTime, event.time);
      playedByStream.add(event.stream);
      if (event.stream.includes("@kline_")) candles.add(payloadText(event, 0));
      clients.deliver(event);
    },
  });
  player.finished.then(() => isFinished = true, () => {}); // `finished` below tells of a feed that failed

  const played = () => replay(() => eventsOf(feed, startTime!), player.played);
  const status = (): Status => ({
    feed,
    startTime,
    isPlaying: player.isPlaying,
    isFinished,
    played: player.played,
    playedByKind: playedByStream.counts(kindOf),
    sentByKind: clients.sent.counts(kindOf),
    ended: clients.ended.counts(),
    connections: [...clients.connections].map(({ id, address, offset, backlog, streams }) => ({
      id,
      route: address.route,
      offset,
      backlog,
      streams: [...streams],
    })),
  });

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const reply =
      await control(request, response, { start: player.start, pause: player.pause, status, played }) ??
        restReply(pathname, searchParams, { symbols: feed.symbols, candles, now: lastTime || Date.now() }) ??
        refusal(404, -5000, `Path ${pathname}, Method ${request.method} is invalid`);
    if (reply === "answered") return;
    response.writeHead(reply.status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(reply.body));
  };
  const server = createServer((request, response) =>
    void answer(request, response).catch(() => response.destroy())
  );
  server.on("upgrade", (request, socket) => {
    const address = shakeHands(request, socket, rules.streams);
    if (address) clients.admit(socket, address);
  });
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const watch = setInterval(clients.watch, watchEvery);
  if (!options.paused) player.start();

  return {
    url: `http://${host}:${port}`,
    wsUrl: `ws://${host}:${port}`,
    port,
    start: player.start,
    pause: player.pause,
    finished: player.finished,
    status,
    async *truth() {
      for await (const event of played()) {
        yield { stream: event.stream, data: JSON.parse(payloadText(event, 0)) };
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(watch);
      await player[Symbol.asyncDispose]();
      clients.shutDown();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
