import type { Connection } from "../clients/connection.ts";
import type { MarketEvent } from "../event.ts";
import { createTally, type Tally } from "../tally.ts";
import { createDamager } from "./damage.ts";
import { type Fault, fault as schema } from "./fault.ts";
import { createRestFaults, type RestFaults } from "./rest_faults.ts";
import { createTradeFaults, type TradeFault } from "./trade_faults.ts";

/** What goes wrong at the moment. The truth is unaffected: it is what an exchange without faults would have sent. */
export interface Faults {
  /** @throws {z.ZodError} if it is no fault */
  inject(fault: Fault): void;
  /** With what requests are refused now. */
  refusal(): { status: number; retryAfter?: number } | undefined;
  /** With what handshakes are refused now. */
  handshakeRefusal(): { status: number; retryAfter?: number } | undefined;
  readonly rest: RestFaults;
  /** The age in ms at which connections are closed now; undefined: as the rules say. */
  readonly age: number | undefined;
  /** A client subscribed to a stream, perhaps for the second time. */
  subscribed(connection: Connection, stream: string): void;
  /** The event as clients get it; undefined if no client gets it. */
  pass(event: MarketEvent): MarketEvent | undefined;
  /** The newest of the aggregated trades that clients did not get, or got otherwise than they were. */
  readonly trades: readonly TradeFault[];
  /** Sends a frame as the faults let it through: damaged, or not at all. Whether it was sent. */
  send(connection: Connection, stream: string, text: string): boolean;
  /**
   * How often each fault came to bear: connections dropped, silenced, slowed, requests refused, frames damaged; `withheld`
   * are the frames that were not sent because of silence and muting.
   */
  readonly done: Tally;
}

interface Mute {
  readonly cure: "resubscribe" | "reconnect" | "none";
  readonly endsAt: number;
  /** The connections that do not get it; undefined: none gets it. */
  readonly connections?: Set<Connection>;
}

export function createFaults(connections: ReadonlySet<Connection>): Faults {
  const done = createTally();
  const damager = createDamager(done);
  const trades = createTradeFaults(done);
  const rest = createRestFaults(done);
  const mutes = new Map<string, Mute>();
  let cutUntil = 0;
  let refusal: { status: number; retryAfter?: number; endsAt: number } | undefined;
  let age: number | undefined;

  const endOf = (ms = Infinity) => performance.now() + ms;
  const targets = ({ route, connection }: { route?: string; connection?: number }) =>
    [...connections].filter(({ id, address }) =>
      (route === undefined || route === address.route) && (connection === undefined || connection === id)
    );
  const isMuted = (connection: Connection, stream: string) => {
    const mute = mutes.get(stream);
    return mute !== undefined && performance.now() < mute.endsAt &&
      (mute.connections?.has(connection) ?? true);
  };

  const refusalNow = () => {
    if (!refusal || performance.now() >= refusal.endsAt) return;
    done.add("refuse");
    return refusal;
  };

  return {
    inject(given) {
      const fault = schema.parse(given);
      switch (fault.fault) {
        case "drop":
          for (const connection of targets(fault)) {
            done.add("drop");
            if (fault.code === undefined) connection.drop("fault");
            else connection.close("fault", fault.code, "");
          }
          break;
        case "cut":
          cutUntil = endOf(fault.ms);
          for (const connection of [...connections]) {
            done.add("cut");
            connection.drop("fault");
          }
          break;
        case "rest":
        case "lack":
          rest.order(fault);
          break;
        case "silence":
          for (const connection of targets(fault)) {
            done.add("silence");
            connection.silence(endOf(fault.ms));
          }
          break;
        case "slow":
          for (const connection of targets(fault)) {
            done.add("slow");
            connection.slowDown(fault.bytesPerSecond, endOf(fault.ms));
          }
          break;
        case "notice":
          for (const connection of targets(fault)) {
            done.add("notice");
            connection.send(fault.text);
            connection.flush();
          }
          break;
        case "mute":
          mutes.set(fault.stream, {
            cure: fault.cure,
            endsAt: endOf(fault.ms),
            connections: fault.cure === "none" ? undefined : new Set(targets(fault)),
          });
          break;
        case "refuse":
          refusal = { status: fault.status, retryAfter: fault.retryAfter, endsAt: endOf(fault.ms) };
          break;
        case "age":
          age = fault.ms;
          break;
        case "clear":
          mutes.clear();
          damager.clear();
          trades.clear();
          rest.clear();
          cutUntil = 0;
          refusal = age = undefined;
          for (const connection of connections) {
            connection.silence(0);
            connection.slowDown(0, 0);
          }
          break;
        case "omit":
        case "alter":
          trades.order(fault);
          break;
        default:
          damager.order(fault.fault, fault.frames, fault.every);
      }
    },
    refusal: refusalNow,
    handshakeRefusal: () => performance.now() < cutUntil ? { status: 503 } : refusalNow(),
    rest,
    get age() {
      return age;
    },
    subscribed(connection, stream) {
      const mute = mutes.get(stream);
      if (mute?.cure === "resubscribe") mute.connections?.delete(connection);
    },
    pass: trades.pass,
    trades: trades.newest,
    send(connection, stream, text) {
      if (connection.isSilent || (mutes.size > 0 && isMuted(connection, stream))) {
        done.add("withheld");
        return false;
      }
      damager.send(connection, text);
      return true;
    },
    done,
  };
}
