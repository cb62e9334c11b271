import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What stands between a client and a server, and can make the server look dead. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Breaks all connections off. */
  cut(): void;
  /** Refuses connections from now on, as a server that is down does, and breaks those there are off. */
  close(): Promise<void>;
  /** Accepts connections again, on the same port. */
  open(): Promise<void>;
}

/** A proxy of the server, on a free port of loopback, of IPv6 where `at` says so. */
export async function openProxy(
  target: { host: string; port: number },
  at: "127.0.0.1" | "::1" = "127.0.0.1",
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let port = 0;
  let server: Server | undefined;

  const serve = (client: Socket) => {
    const upstream = connect({ ...target, noDelay: true });
    const pair = [client, upstream];
    for (const socket of pair) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on("error", () => {}); // "close" follows
      socket.on("close", () => {
        sockets.delete(socket);
        pair.forEach((one) => one.destroy());
      });
    }
    client.pipe(upstream).pipe(client);
  };
  const proxy: Proxy = {
    get port() {
      return port;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const closing = server;
      server = undefined;
      if (!closing) return;
      closing.close();
      proxy.cut();
      await once(closing, "close");
    },
    async open() {
      server = createServer(serve).listen(port, at);
      await once(server, "listening");
      port = (server.address() as AddressInfo).port;
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
  await proxy.open();
  return proxy;
}
