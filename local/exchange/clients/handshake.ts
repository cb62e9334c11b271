import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Reply } from "../http.ts";
import { type Address, parseAddress } from "./address.ts";
import { acceptKey } from "./websocket.ts";

/**
 * Answers a WebSocket handshake. Returns undefined, and answers the client with the reason, if there is nothing at that URL or
 * more than `most` streams are asked for: what Binance does then is not documented, and a refusal shows the mistake.
 */
export function shakeHands(request: IncomingMessage, socket: Duplex, most: number): Address | undefined {
  const key = request.headers["sec-websocket-key"];
  const address = addressOf(request.url ?? "");
  if (!address) return void refuse(socket, { status: 404 });
  if (!key || address.streams.length > most) return void refuse(socket, { status: 400 });
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
  );
  return address;
}

/** Answers a handshake with an HTTP status instead, and hangs up. */
export function refuse(socket: Duplex, { status, headers }: Pick<Reply, "status" | "headers">): void {
  const lines = Object.entries({ ...headers, Connection: "close", "Content-Length": "0" })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n`);
}

function addressOf(target: string): Address | undefined {
  try {
    return parseAddress(target);
  } catch {
    return undefined;
  }
}
