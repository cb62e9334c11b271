import { poll } from "../../shared/poll.ts";
import type { Exchange } from "./server.ts";

/** A client as tests want it: it keeps all that it receives. */
export interface TestClient extends Disposable {
  readonly socket: WebSocket;
  /** Texts of data frames and replies, in order of arrival. */
  readonly frames: string[];
  /** Waits for so many frames altogether. */
  received(count: number): Promise<string[]>;
  /** Sends a request, and gives the reply to it. */
  ask(request: { method: string; params?: unknown[]; id: number | string }): Promise<string>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** Connects to `/market/stream?streams=…` or any other path. */
export async function connect(exchange: Exchange, path: string): Promise<TestClient> {
  const socket = new WebSocket(exchange.wsUrl + path);
  const frames: string[] = [];
  const closed = Promise.withResolvers<CloseEvent>();
  socket.onmessage = ({ data }) => frames.push(data);
  socket.onclose = closed.resolve;
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = (event) => reject((event as ErrorEvent).error ?? event);
  });
  socket.onerror = null;
  return {
    socket,
    frames,
    closed: closed.promise,
    async received(count) {
      await until(() => frames.length >= count, `${count} frames`);
      return frames.slice(0, count);
    },
    async ask(request) {
      socket.send(JSON.stringify(request));
      const isReply = (text: string) => text.endsWith(`"id":${JSON.stringify(request.id)}}`);
      await until(() => frames.some(isReply), "a reply");
      return frames.find(isReply)!;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** A client that does not answer, ping or read by itself: the bare TCP connection, with its handshake done. */
export async function connectRaw(exchange: Exchange, path: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: exchange.port });
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  await connection.read(new Uint8Array(1_000));
  return connection;
}

/** A busy machine may need long; only a failing test waits this long, in ms. */
const LIMIT_MS = 120_000;

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  if (await poll(isSo, { ms: LIMIT_MS, pauseMs: 5 })) return;
  throw new Error(`Waited ${LIMIT_MS / 1_000} s for ${what}`);
}
