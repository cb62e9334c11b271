import { Buffer } from "node:buffer";
import { once } from "node:events";
import net from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import type { Database } from "./url.ts";
import { describe } from "../log.ts";
import { brokenOff } from "./lifeline.ts";
import { certificateFault } from "../certificate_fault.ts";

/** PostgreSQL: "Message Formats", SSLRequest. It is answered by one byte: S for yes, N for no. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = "S".charCodeAt(0);

/**
 * Opens a connection for postgres.js, with TLS as `sslmode` wants it. By itself postgres.js verifies "localhost" where the
 * host is an IP address, knows no `verify-ca`, and begins TLS with a server that has just declined it.
 *
 * It never rejects: what went wrong is the error of the socket that is returned. Of a socket that could not be made
 * postgres.js would make no second one, and queries would wait for ever.
 */
export async function openSocket(database: Database): Promise<Duplex> {
  const { host, port, sslmode, connectTimeout } = database;
  // Left to itself TCP holds the last part of a COPY back until the server has acknowledged the first, which it puts off
  // for 40 ms (Nagle's algorithm and delayed acknowledgement).
  const socket = net.connect({ host, port, noDelay: true });
  const giveUp = () => socket.destroy(fault("CONNECT_TIMEOUT", `no answer within ${connectTimeout} s`));
  // 0 waits for ever, as libpq does.
  const limit = connectTimeout === 0 ? undefined : setTimeout(giveUp, connectTimeout * 1_000);
  try {
    await next(socket, "connect");
    const opened = sslmode === "disable" ? socket : await negotiate(socket, database);
    const address = { host: socket.remoteAddress!, port };
    const isThere = () => isAnswering(address);
    const gone = () => fault("CONNECTION_CLOSED", "the server is gone: it answers nobody");
    return brokenOff(failingUnanswered(named(opened, database)), isThere, gone);
  } catch (error) {
    socket.destroy();
    return brokenSocket(error as Error);
  } finally {
    clearTimeout(limit);
  }
}

/** A server that is there answers a request for TLS within so long, in ms, whatever else it does. */
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
 * What libpq verifies (PostgreSQL: "SSL Support"): `prefer` and `require` nothing, `verify-ca` who signed the certificate,
 * `verify-full` also that it is the host's. Here `require` verifies nothing even where DENO_CERT names a CA: that one may
 * be Kafka's.
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

/** Waits for an event; fails where the socket fails or closes before. */
function next(socket: net.Socket, event: string): Promise<unknown[]> {
  const closed = once(socket, "close").then(() => {
    throw hungUp();
  });
  return Promise.race([once(socket, event), closed]);
}

/**
 * Makes it an error that the server closes the connection before it has said a word, as a proxy does whose own server is
 * down. For postgres.js it is none: it would connect again at once, hundreds of times a second, and tell no one.
 */
function failingUnanswered(socket: net.Socket): net.Socket {
  const fail = () => socket.destroy(hungUp());
  return socket.once("end", fail).once("data", () => socket.off("end", fail));
}

function hungUp(): Error {
  return fault("CONNECTION_CLOSED", "the server closed the connection");
}

/** The code is one of postgres.js' own, by which it counts as something that waiting can mend. */
function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** postgres.js reads from here what it calls the server in its errors. */
function named(socket: net.Socket, { host, port }: Database): net.Socket {
  return Object.assign(socket, { host, port });
}

/** Fails at the first write, which postgres.js does at once. */
function brokenSocket(error: Error): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(error) });
}
