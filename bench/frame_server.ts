import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { shakeHands } from "../local/exchange/clients/handshake.ts";

/** An exchange that does nothing but write frames that were made before, so that it takes next to no CPU time. */
export interface FrameServer extends AsyncDisposable {
  /** For `BINANCE_WS_URL`. */
  readonly url: string;
  /** Resolves once a producer is connected. */
  readonly connected: Promise<void>;
  /** Writes whole frames to the producer; resolves once there is room for more. */
  send(frames: Uint8Array): Promise<void>;
}

/** As many streams as anyone asks for. */
const STREAMS = 1_000;

/** Starts a server for one producer, on loopback. */
export async function serveFrames(): Promise<FrameServer> {
  const connected = Promise.withResolvers<void>();
  let client: Duplex | undefined;
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on("upgrade", (request, socket) => {
    if (!shakeHands(request, socket, STREAMS)) return;
    client = socket;
    (socket as Socket).setNoDelay();
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.resume();
    connected.resolve();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected: connected.promise,
    async send(frames) {
      if (client?.destroyed !== false) throw new Error("Cannot send frames as no producer is connected");
      if (!client.write(frames)) await once(client, "drain");
    },
    [Symbol.asyncDispose]() {
      client?.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
