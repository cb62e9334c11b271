import { readIfThere } from "./folders.ts";

/**
 * The ports to choose from lie below those that a system gives to outgoing connections (Linux: from 32768, macOS and
 * IANA: from 49152). There, a client that keeps trying a stopped server may be given the server's own port, connect to
 * itself, and keep the server from coming back.
 */
const first = 20_000;
const last = 29_999;

/** The last ports that were returned: their callers may not listen yet. */
const given: number[] = [];
const REMEMBERED = 1_000;

/** A port of 127.0.0.1 on which nothing listens now, and which was not given to another lately. */
export function freePort(): number {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    if (given.includes(port) || !isFree(port)) continue;
    given.push(port);
    if (given.length > REMEMBERED) given.shift();
    return port;
  }
  throw new Error(`Cannot find a free port between ${first} and ${last}: end some of the servers there.`);
}

/**
 * The port for a server: `wanted` if given, else the one that `file` remembers from last time if it is free, else any
 * free one. `file` remembers the answer.
 *
 * @throws if `wanted` is taken
 */
export async function choosePort(server: string, file: string, wanted?: number): Promise<number> {
  if (wanted !== undefined && !isFree(wanted)) {
    throw new Error(
      `Cannot start ${server} on port ${wanted} as another program listens there: end it, or choose another port.`,
    );
  }
  const remembered = Number(await readIfThere(file));
  const port = wanted ?? (remembered && isFree(remembered) ? remembered : freePort());
  await Deno.writeTextFile(file, `${port}\n`);
  return port;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
