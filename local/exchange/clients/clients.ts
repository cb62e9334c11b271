import type { Duplex } from "node:stream";
import type { Market } from "../../../shared/exchange/markets/mod.ts";
import { envelopeText, isServed, type MarketEvent, payloadText } from "../event.ts";
import { createFaults, type Faults } from "../faults/faults.ts";
import type { Audience } from "../player.ts";
import { createTally, type Tally } from "../tally.ts";
import type { Address } from "./address.ts";
import { type Connection, openConnection, type Owner } from "./connection.ts";
import { continuousKline, continuousName } from "./continuous.ts";
import { answer } from "./requests.ts";
import type { Ending, Rules } from "./rules.ts";

/** All clients of the exchange and what each is subscribed to. */
export interface Clients extends Audience {
  /** Serves a client whose handshake is done. */
  admit(socket: Duplex, address: Address): void;
  /** Pings, and ends what the rules no longer allow. */
  watch(): void;
  /** Ends all connections. */
  shutDown(): void;
  readonly connections: ReadonlySet<Connection>;
  readonly faults: Faults;
  /** Good frames sent, by stream. */
  readonly sent: Tally;
  /** Connections ended, by cause. */
  readonly ended: Tally<Ending>;
}

/** At pace "max" the exchange waits for clients that have more than this unread. */
const comfortableBacklog = 2 ** 20;

export function createClients(rules: Rules, publicKinds: Market["publicKinds"]): Clients {
  const connections = new Set<Connection>();
  const faults = createFaults(connections);
  const subscribers = new Map<string, Set<Connection>>();
  const sent = createTally();
  const ended = createTally<Ending>();
  const admitted = { market: 0, public: 0, private: 0, unrouted: 0 };
  let nextId = 0;

  const subscribe = (connection: Connection, stream: string) => {
    connection.streams.add(stream);
    faults.subscribed(connection, stream);
    if (!isServed(stream, connection.address.route, publicKinds)) return; // acknowledged all the same, as Binance does
    const group = subscribers.get(stream) ?? new Set();
    subscribers.set(stream, group.add(connection));
  };
  const unsubscribe = (connection: Connection, stream: string) => {
    connection.streams.delete(stream);
    subscribers.get(stream)?.delete(connection);
  };

  const deliver = (event: MarketEvent) => {
    const group = subscribers.get(event.stream);
    const passed = group?.size ? faults.pass(event) : undefined;
    if (!group || !passed) return;
    for (const connection of group) {
      const payload = payloadText(passed, connection.offset);
      const text = connection.isCombined ? envelopeText(event.stream, payload) : payload;
      if (faults.send(connection, event.stream, text)) sent.add(event.stream);
    }
  };

  const owner: Owner = {
    onRequest(connection, text) {
      const { reply, subscribed, unsubscribed, isCombined } = answer(text, connection, rules.streams);
      for (const stream of subscribed) subscribe(connection, stream);
      for (const stream of unsubscribed) unsubscribe(connection, stream);
      connection.isCombined = isCombined;
      connection.send(reply);
    },
    onEnd(connection, why) {
      ended.add(why);
      connections.delete(connection);
      for (const stream of connection.streams) unsubscribe(connection, stream);
    },
  };

  return {
    admit(socket, address) {
      // The first connection of a route has no offset, so that a lone client's `E` is the truth's.
      const offset = admitted[address.route]++ % 10;
      const connection = openConnection(socket, { id: nextId++, offset, address }, rules, owner);
      connections.add(connection);
      for (const stream of address.streams) subscribe(connection, stream);
    },
    deliver(event: MarketEvent) {
      deliver(event);
      const continuous = continuousName(event.stream);
      if (continuous && subscribers.has(continuous)) deliver(continuousKline(event, continuous));
    },
    flush() {
      for (const connection of connections) connection.flush();
    },
    keepsUp: () => [...connections].every(({ backlog }) => backlog < comfortableBacklog),
    watch() {
      for (const connection of connections) connection.watch(faults.age ?? rules.age);
    },
    shutDown() {
      for (const connection of connections) connection.close("shutdown", 1001, "Going away");
    },
    connections,
    faults,
    sent,
    ended,
  };
}
