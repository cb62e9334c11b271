import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Market, usualMarket } from "../../shared/exchange/markets/mod.ts";
import { createArchive } from "./archive/archive.ts";
import { createClients } from "./clients/clients.ts";
import { refuse, shakeHands } from "./clients/handshake.ts";
import { type Rules, rulesOf } from "./clients/rules.ts";
import { controlReply } from "./control.ts";
import { payloadText } from "./event.ts";
import type { Fault, Schedule } from "./faults/fault.ts";
import { runSchedule } from "./faults/schedule.ts";
import { eventsOf, type Feed } from "./feed.ts";
import { listener } from "./http.ts";
import { spanOf } from "./market/interval.ts";
import { createPlayer, type Pace } from "./player.ts";
import { createBooks } from "./rest/books.ts";
import { refusalReply } from "./rest/errors.ts";
import { createRest } from "./rest/rest.ts";
import { type Status, statusOf } from "./status.ts";
import { createTally } from "./tally.ts";
import { replay, type Truth } from "./truth.ts";

export interface ExchangeOptions {
  /** By default the usual one. */
  readonly market?: Market;
  readonly feed: Feed;
  /** By default as fast as time passes. */
  readonly pace?: Pace;
  /** By default 127.0.0.1. */
  readonly host?: string;
  /** By default a free one. */
  readonly port?: number;
  /** Nothing is played before `start()`. */
  readonly paused?: boolean;
  /** The market's, unless a test needs others. */
  readonly rules?: Partial<Rules>;
  /** What is to go wrong, and when; by default nothing. */
  readonly schedule?: Schedule;
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
  /**
   * Makes something go wrong.
   * @throws {z.ZodError} if it is no fault
   */
  inject(fault: Fault): void;
  /** Resolves when the feed or the exchange has ended; rejects if the feed fails. */
  readonly finished: Promise<void>;
  status(): Status;
  /**
   * All that was played so far, in order, as an exchange without faults would have sent it. `E` is that of a connection
   * without offset: of a simulated feed each connection's `E` is its `offset`, at most 9 ms, later. Continuous candles are left
   * out: they say what the candles do. Which aggregated trades clients did not get so is in `status().tradeFaults`.
   */
  truth(): AsyncIterable<Truth>;
}

/** A URL may name as many streams as a connection may have. */
const mostHeaderBytes = 2 ** 16;

/** How often connections are looked at for pings that are due, ms. */
const watchEvery = 50;

/**
 * Starts an exchange that keeps the contract of Binance's market data, on loopback.
 * @throws {RangeError} if Binance has no such interval
 * @throws {Error} if the port can't be had
 */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const { market = usualMarket, feed, pace = { speed: 1 }, host = "127.0.0.1", schedule = [] } = options;
  if (feed.kind === "simulated") feed.intervals.forEach((interval) => spanOf(interval, 0));
  const rules = { ...rulesOf(market), ...options.rules };
  const clients = createClients(rules, market.publicKinds);
  const { inject, refusal, handshakeRefusal, rest: restFaults } = clients.faults;
  const books = createBooks(market, feed.symbols, () => player.time);
  const rest = createRest(books, Date.now, restFaults.pass);
  // The market's past: what was before the day on which it began.
  const archive = createArchive({
    ...{ market, symbols: feed.symbols, seed: feed.kind === "simulated" ? feed.seed : 1 },
    until: () => startTime ?? Date.now(),
  });
  const playedByStream = createTally();
  let startTime = feed.kind === "simulated" ? feed.startTime : undefined;
  const stop = new AbortController();

  const begin = () => {
    startTime ??= Date.now();
    runSchedule(schedule, inject, stop.signal);
    return eventsOf(feed, startTime);
  };
  const player = createPlayer(begin, pace, {
    ...clients,
    deliver(event) {
      playedByStream.add(event.stream);
      books.add(event);
      clients.deliver(event);
    },
  });
  player.finished.catch(() => {}); // the caller that awaits `finished` has the error

  const { start, pause, finished } = player;
  const played = () => replay(() => eventsOf(feed, startTime!), player.played);
  const status = () => statusOf(feed, startTime, player, playedByStream, clients, rest.weight);

  const server = createServer(
    { maxHeaderSize: mostHeaderBytes },
    listener(async (request) => {
      const reply = await controlReply(request, { start, pause, inject, status, played });
      if (reply) return reply;
      const refused = refusal();
      if (refused) return refusalReply(refused, market);
      await restFaults.admit();
      const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
      if (pathname.startsWith(market.archivePath)) {
        const bytes = archive(pathname);
        return bytes ? { status: 200, body: undefined, bytes } : { status: 404, body: "NoSuchKey" };
      }
      return rest(request.method ?? "", pathname, searchParams);
    }),
  );
  server.on("upgrade", (request, socket) => {
    const refused = handshakeRefusal();
    if (refused) return refuse(socket, refusalReply(refused, market));
    const address = shakeHands(request, socket, rules.streams);
    if (address) clients.admit(socket, address);
  });
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const watch = setInterval(clients.watch, watchEvery);
  if (!options.paused) start();

  return {
    url: `http://${host}:${port}`,
    wsUrl: `ws://${host}:${port}`,
    port,
    start,
    pause,
    inject,
    finished,
    status,
    async *truth() {
      for await (const event of played()) {
        yield { stream: event.stream, data: JSON.parse(payloadText(event, 0)) };
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearInterval(watch);
      await player[Symbol.asyncDispose]();
      clients.shutDown();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
