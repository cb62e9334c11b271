import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Address } from "./address.ts";
import { closeFrame, createFrameReader, frame, opcodes, textFrame } from "./websocket.ts";

/** What the exchange allows a connection. Binance: "WebSocket Market Streams, Connect". Times in ms. */
export interface Rules {
  readonly pingEvery: number;
  readonly pongWithin: number;
  readonly age: number;
  readonly requestsPerSecond: number;
  /** One copy of the docs says 1,024; the other, which a careful client keeps to, 200. */
  readonly streams: number;
  /** What a slow client may leave unread before it is cut off. Not documented. */
  readonly backlogBytes: number;
}

export const binanceRules: Rules = {
  pingEvery: 3 * 60_000,
  pongWithin: 10 * 60_000,
  age: 24 * 60 * 60_000,
  requestsPerSecond: 10,
  streams: 200,
  backlogBytes: 16 * 2 ** 20,
};

/** Why a connection ended. */
export type Ending = "client" | "slow" | "silent client" | "too many requests" | "age" | "shutdown" | "fault";

/** One client. */
export interface Connection {
  readonly id: number;
  readonly address: Address;
  /** How far this connection's `E` is ahead of another's, in ms: every server of an exchange has its own clock. */
  readonly offset: number;
  readonly streams: Set<string>;
  /** Bytes that the client has not taken yet. */
  readonly backlog: number;
  /** Keeps a text until the next flush. */
  send(text: string): void;
  /** Writes what was kept, in one go. */
  flush(): void;
  /** Pings the client, or ends the connection, where the rules say so. Called from time to time. */
  watch(): void;
  /** Breaks off with no closing handshake. */
  drop(why: Ending): void;
  /** Ends as RFC 6455 wants it. */
  close(why: Ending, code: number, reason: string): void;
}

/** What becomes of a connection. */
export interface Owner {
  onRequest(connection: Connection, text: string): void;
  onEnd(connection: Connection, why: Ending): void;
}

const decoder = new TextDecoder();
const pong = (payload: Uint8Array) => frame(opcodes.pong, payload);

/** Serves a client whose handshake is done. Connections differ in `offset` by their `id`. */
export function openConnection(
  socket: Duplex,
  id: number,
  address: Address,
  rules: Rules,
  owner: Owner,
): Connection {
  const openedAt = Date.now();
  const read = createFrameReader();
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let pingedAt = openedAt;
  let heardAt = openedAt;
  let second = 0;
  let requests = 0;
  let hasEnded = false;

  const keep = (bytes: Uint8Array) => {
    waiting.push(bytes);
    waitingBytes += bytes.length;
  };
  const end = (why: Ending) => {
    if (hasEnded) return false;
    hasEnded = true;
    owner.onEnd(connection, why);
    return true;
  };

  const connection: Connection = {
    id,
    address,
    offset: id % 10,
    streams: new Set(),
    get backlog() {
      return waitingBytes + socket.writableLength;
    },
    send(text) {
      if (!hasEnded) keep(textFrame(text));
    },
    flush() {
      if (waiting.length > 0 && !hasEnded) socket.write(Buffer.concat(waiting, waitingBytes));
      waiting = [];
      waitingBytes = 0;
      if (socket.writableLength > rules.backlogBytes) this.drop("slow");
    },
    watch() {
      const now = Date.now();
      if (now - openedAt >= rules.age) return this.close("age", 1001, "Going away");
      if (pingedAt > heardAt && now - pingedAt >= rules.pongWithin) return this.drop("silent client");
      if (now - pingedAt < rules.pingEvery || pingedAt > heardAt) return;
      pingedAt = now;
      keep(frame(opcodes.ping, new TextEncoder().encode(String(now))));
      this.flush();
    },
    drop(why) {
      if (end(why)) socket.destroy();
    },
    close(why, code, reason) {
      if (hasEnded) return;
      keep(closeFrame(code, reason));
      this.flush();
      if (end(why)) socket.end();
    },
  };

  socket.on("data", (bytes: Uint8Array) => {
    try {
      for (const { opcode, payload } of read(bytes)) {
        if (hasEnded) return;
        const now = Math.floor(Date.now() / 1_000);
        requests = now === second ? requests + 1 : 1;
        second = now;
        if (requests > rules.requestsPerSecond) {
          return connection.close("too many requests", 1008, "Too many requests");
        }
        if (opcode === opcodes.text) owner.onRequest(connection, decoder.decode(payload));
        else if (opcode === opcodes.ping) keep(pong(payload));
        else if (opcode === opcodes.pong) heardAt = Date.now();
        else return connection.close("client", 1000, "");
        connection.flush();
      }
    } catch {
      connection.close("client", 1002, "Protocol error");
    }
  });
  socket.on("error", () => connection.drop("client"));
  socket.on("close", () => end("client"));
  return connection;
}
