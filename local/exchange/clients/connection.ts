import type { Duplex } from "node:stream";
import type { Address } from "./address.ts";
import { createOutbox } from "./outbox.ts";
import type { Ending, Rules } from "./rules.ts";
import { closeFrame, createFrameReader, frame, opcodes, textFrame } from "./websocket.ts";

/** One client. */
export interface Connection {
  readonly id: number;
  readonly address: Address;
  /** Whether its frames name their stream. `SET_PROPERTY` changes it. */
  isCombined: boolean;
  /** How far this connection's `E` is ahead of another's, in ms: every server of an exchange has its own clock. */
  readonly offset: number;
  readonly streams: Set<string>;
  /** Bytes that the client has not taken yet. */
  readonly backlog: number;
  /** Nothing is sent or answered: what is given to `send` is lost. */
  readonly isSilent: boolean;
  /** Keeps a text until the next flush. */
  send(text: string): void;
  /** Keeps it before the last one that is kept; false if there is none. */
  sendEarlier(text: string): boolean;
  flush(): void;
  /** Pings the client, or ends the connection, where the rules say so. Called from time to time; `age` in ms. */
  watch(age: number): void;
  /** Falls silent until `endsAt`, in ms of `performance.now()`. */
  silence(endsAt: number): void;
  /** Sends so slowly until `endsAt`. */
  slowDown(bytesPerSecond: number, endsAt: number): void;
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

/** Serves a client whose handshake is done. */
export function openConnection(
  socket: Duplex,
  { id, offset, address }: Pick<Connection, "id" | "offset" | "address">,
  rules: Rules,
  owner: Owner,
): Connection {
  const openedAt = performance.now();
  const outbox = createOutbox(socket);
  const read = createFrameReader();
  let pingedAt = openedAt;
  /** What a ping carried that has no pong yet. */
  let unanswered: string | undefined;
  let silentUntil = 0;
  let second = 0;
  let requests = 0;
  let hasEnded = false;

  const end = (why: Ending) => {
    if (hasEnded) return false;
    hasEnded = true;
    owner.onEnd(connection, why);
    return true;
  };

  const connection: Connection = {
    id,
    address,
    isCombined: address.isCombined,
    offset,
    streams: new Set(),
    get backlog() {
      return outbox.backlog;
    },
    get isSilent() {
      return silentUntil > 0 && performance.now() < silentUntil;
    },
    send(text) {
      if (!connection.isSilent) outbox.add(textFrame(text));
    },
    sendEarlier: (text) => outbox.addEarlier(textFrame(text)),
    flush() {
      if (hasEnded || connection.isSilent) return;
      outbox.flush();
      if (outbox.backlog > rules.backlogBytes) connection.drop("slow client");
    },
    watch(age) {
      const now = performance.now();
      if (now - openedAt >= age) return connection.close("age", 1001, "Going away");
      if (unanswered && now - pingedAt >= rules.pongWithin) return connection.drop("silent client");
      if (now - pingedAt >= rules.pingEvery && !unanswered && !connection.isSilent) {
        pingedAt = now;
        unanswered = String(Date.now());
        outbox.add(frame(opcodes.ping, new TextEncoder().encode(unanswered)));
      }
      connection.flush();
    },
    silence: (endsAt) => silentUntil = endsAt,
    slowDown: outbox.slowDown,
    drop(why) {
      if (end(why)) socket.destroy();
    },
    close(why, code, reason) {
      if (!connection.isSilent) outbox.add(closeFrame(code, reason));
      connection.flush();
      if (end(why)) socket.end();
    },
  };

  const onFrame = (opcode: number, payload: Uint8Array) => {
    const now = performance.now();
    requests = Math.floor(now / 1_000) === second ? requests + 1 : 1;
    second = Math.floor(now / 1_000);
    if (requests > rules.requestsPerSecond) {
      return connection.close("too many requests", 1008, "Too many requests");
    }
    if (opcode === opcodes.text) owner.onRequest(connection, decoder.decode(payload));
    else if (opcode === opcodes.ping) outbox.add(frame(opcodes.pong, payload));
    else if (opcode === opcodes.pong) {
      // Binance: "Unsolicited pong frames will not prevent disconnection".
      if (decoder.decode(payload) === unanswered) unanswered = undefined;
    } else return connection.close("client", 1000, "");
    connection.flush();
  };

  socket.on("data", (bytes: Uint8Array) => {
    if (connection.isSilent) return;
    try {
      for (const { opcode, payload } of read(bytes)) {
        if (!hasEnded) onFrame(opcode, payload);
      }
    } catch {
      connection.close("client", 1002, "Protocol error");
    }
  });
  socket.on("error", () => connection.drop("client"));
  socket.on("end", () => connection.drop("client")); // else half of it would stay open
  socket.on("close", () => end("client"));
  return connection;
}
