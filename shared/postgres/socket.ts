import { Buffer } from "node:buffer";
import { once } from "node:events";
import net from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import type { Database } from "./url.ts";
import { describe } from "../log.ts";
import { closeWhenServerIsGone } from "./dead_server.ts";
import { certificateFault } from "../certificate_fault.ts";

/** The request for TLS. The server answers with one byte: S for yes, N for no. PostgreSQL: "Message Formats", SSLRequest. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = "S".charCodeAt(0);

/**
 * Opens a connection for postgres.js, with TLS as `sslmode` says. postgres.js itself verifies "localhost" if the host is an IP address,
 * does not know `verify-ca`, and begins TLS with a server that has declined it.
 *
 * It never rejects. If the connection fails, it returns a socket that fails with the error: postgres.js would not try again after a
 * rejection, and queries would wait for ever.
 */
export async function openSocket(database: Database): Promise<Duplex> {
  const { host, port, sslmode, connectTimeout } = database;
  // Without `noDelay` TCP sends the last part of a COPY only after the server has acknowledged the first part, and the server delays
  // that by 40 ms (Nagle's algorithm and delayed acknowledgement).
  const socket = net.connect({ host, port, noDelay: true });
  const giveUp = () => socket.destroy(fault("CONNECT_TIMEOUT", `no answer within ${connectTimeout} s`));
  // 0 means no limit, as in libpq.
  const limit = connectTimeout === 0 ? undefined : setTimeout(giveUp, connectTimeout * 1_000);
  try {
    await next(socket, "connect");
    const opened = sslmode === "disable" ? socket : await negotiate(socket, database);
    const address = { host: socket.remoteAddress!, port };
    const gone = () => fault("CONNECTION_CLOSED", "the server is gone: it does not answer");
    return closeWhenServerIsGone(
      failIfClosedEarly(withAddress(opened, database)),
      () => isAnswering(address),
      gone,
    );
  } catch (error) {
    socket.destroy();
    return failedSocket(error as Error);
  } finally {
    clearTimeout(limit);
  }
}

/** How long a running server may take to answer a request for TLS, in ms. */
const ANSWER_MS = 10_000;

async function isAnswering(address: { host: string; port: number }): Promise<boolean> {
  const socket = net.connect(address);
  const limit = setTimeout(() => socket.destroy(), ANSWER_MS);
  try {
    await next(socket, "connect");
    await offersTls(socket);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(limit);
    socket.destroy();
  }
}

async function offersTls(socket: net.Socket): Promise<boolean> {
  socket.write(SSL_REQUEST);
  const [answer] = await next(socket, "data") as [Buffer];
  return answer[0] === YES;
}

async function negotiate(socket: net.Socket, database: Database): Promise<net.Socket> {
  const { sslmode } = database;
  if (!await offersTls(socket)) {
    if (sslmode === "prefer") return socket;
    throw new Error(`the server offers no TLS, which sslmode=${sslmode} asks for`);
  }
  const secured = tls.connect({ socket, ...verification(database) });
  try {
    await next(secured, "secureConnect");
    return secured;
  } catch (error) {
    throw new Error(certificateFault(describe(error)) ?? `TLS failed: ${describe(error)}`);
  }
}

/**
 * What is verified, as in libpq (PostgreSQL: "SSL Support"): with `prefer` and `require` nothing, with `verify-ca` who signed the
 * certificate, with `verify-full` also that it is the host's. `require` verifies nothing even if DENO_CERT names a CA: that CA may be
 * Kafka's.
 */
export function verification({ host, sslmode }: Database): tls.ConnectionOptions {
  switch (sslmode) {
    case "verify-full":
      return net.isIP(host) ? { host } : { host, servername: host };
    case "verify-ca":
      return { ...net.isIP(host) ? {} : { servername: host }, checkServerIdentity: () => undefined };
    default:
      return { ...net.isIP(host) ? {} : { servername: host }, rejectUnauthorized: false };
  }
}

/** Waits for an event. It rejects if the socket fails or closes before. */
function next(socket: net.Socket, event: string): Promise<unknown[]> {
  const closed = once(socket, "close").then(() => {
    throw closedByServer();
  });
  return Promise.race([once(socket, event), closed]);
}

/**
 * Makes a socket fail if the server closes it before it has sent anything, as a proxy does whose own server is down. For postgres.js
 * that is no error: it would connect again at once, hundreds of times a second, without a message.
 */
function failIfClosedEarly(socket: net.Socket): net.Socket {
  const fail = () => socket.destroy(closedByServer());
  return socket.once("end", fail).once("data", () => socket.off("end", fail));
}

function closedByServer(): Error {
  return fault("CONNECTION_CLOSED", "the server closed the connection");
}

/** An error with one of postgres.js' own codes, so that it counts as transient. */
function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Gives a socket the address that postgres.js shows in its errors. */
function withAddress(socket: net.Socket, { host, port }: Database): net.Socket {
  return Object.assign(socket, { host, port });
}

/** A socket that fails at the first write. postgres.js writes at once. */
function failedSocket(error: Error): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(error) });
}
