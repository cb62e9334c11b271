import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import { parseDatabaseUrl } from "./url.ts";
import { silent } from "../../tests/silent.ts";
import { connectLasting } from "./mod.ts";
import { isTransient } from "./error.ts";
import { verification } from "./socket.ts";

/** Serves nothing but what `onConnection` does. */
async function startServer(onConnection: (socket: net.Socket) => void) {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `postgres://user:password@127.0.0.1:${port}/name?connect_timeout=1`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Queries twice on one connection, since a pool that had lost its connection would never answer the second time. */
async function failsTwice(url: string, words: RegExp): Promise<void> {
  const sql = connectLasting(parseDatabaseUrl(url), silent, 1);
  for (const time of ["first", "second"]) {
    await assert.rejects(
      () => sql`select`,
      (error: Error) => words.test(error.message) && isTransient(error),
      time,
    );
  }
  await sql.end({ timeout: 1 });
}

Deno.test("a port on which nothing listens is an error each time, and a transient one", async () => {
  const { url } = await (async () => {
    await using server = await startServer(() => {});
    return server;
  })();
  await failsTwice(url, /ECONNREFUSED/);
});

Deno.test("a server that closes the connection when it is asked for TLS is an error each time", async () => {
  await using server = await startServer((socket) => socket.once("data", () => socket.end()));
  await failsTwice(server.url, /the server closed the connection/);
});

Deno.test("a server that closes the connection at once, as a proxy without its server does, is an error each time", async () => {
  let connections = 0;
  await using server = await startServer((socket) => {
    connections++;
    socket.end();
  });
  await failsTwice(`${server.url}&sslmode=disable`, /the server closed the connection/);
  assert.equal(connections, 2);
});

Deno.test("a server that never answers is given up after connect_timeout", async () => {
  await using server = await startServer(() => {});
  await failsTwice(server.url, /no answer within 1 s/);
});

Deno.test("prefer and require verify nothing, verify-ca the chain, verify-full the host too", () => {
  const database = parseDatabaseUrl("postgres://db.example.com/name");
  for (const sslmode of ["prefer", "require"] as const) {
    assert.equal(verification({ ...database, sslmode }).rejectUnauthorized, false);
  }
  const chain = verification({ ...database, sslmode: "verify-ca" });
  assert.deepEqual([chain.rejectUnauthorized, typeof chain.checkServerIdentity], [undefined, "function"]);
  const full = verification({ ...database, sslmode: "verify-full" });
  assert.deepEqual(full, { host: "db.example.com", servername: "db.example.com" });
});

Deno.test("an IP address is verified as such, and is no name to ask for", () => {
  const database = parseDatabaseUrl("postgres://[::1]/name?sslmode=verify-full");
  assert.deepEqual(verification(database), { host: "::1" });
});

Deno.test("a server that dies right after the greeting fails the query, and not the process", async () => {
  // PostgreSQL: "Message Formats": AuthenticationOk, ReadyForQuery.
  const greeting = Buffer.from("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", "latin1");
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  try {
    await using server = await startServer((socket) => {
      socket.once("data", () => {
        socket.write(greeting);
        socket.once("data", () => socket.resetAndDestroy());
      });
    });
    await failsTwice(`${server.url}&sslmode=disable`, /ECONNRESET|CONNECTION_CLOSED/);
    assert.deepEqual(unhandled, []);
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
});
