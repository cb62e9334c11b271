import { fileURLToPath } from "node:url";
import { linesOf } from "../../local/command.ts";
import type { Exchange } from "../../local/exchange/server.ts";
import { witnesses } from "../until.ts";
import { python } from "./python.ts";

/** What a client printed: a message of a stream, or an answer of REST. */
export interface Told {
  readonly kind:
    | "kline"
    | "continuous kline"
    | "book"
    | "trade"
    | "rest klines"
    | "rest trades"
    | "rest book";
  readonly data: unknown;
}

/** Where the exchange is. */
export type Urls = Pick<Exchange, "url" | "wsUrl">;

/** A client that others wrote, in a process of its own. */
export interface Client extends AsyncDisposable {
  /** What it has printed so far. */
  readonly told: readonly Told[];
  /** Has it ask REST. */
  ask(): Promise<void>;
}

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Starts Binance's own client for JavaScript on one symbol; it is downloaded once. */
export function startNpmClient(exchange: Urls, symbol: string): Client {
  const config = ["--config", pathOf("binance.json"), "--frozen"];
  return start(Deno.execPath(), ["run", ...config, "--allow-all", pathOf("binance.ts")], exchange, symbol);
}

/** Starts python-binance on one symbol; it is downloaded once. */
export async function startPythonClient(exchange: Urls, symbol: string): Promise<Client> {
  return start(await python(), [pathOf("python_binance.py")], exchange, symbol);
}

function start(command: string, args: string[], { url, wsUrl }: Urls, symbol: string): Client {
  const child = new Deno.Command(command, {
    args: [...args, url, wsUrl, symbol],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const told: Told[] = [];
  const others: string[] = [];
  const read = async (output: ReadableStream<Uint8Array>) => {
    for await (const line of linesOf(output)) {
      if (line.startsWith('{"kind"')) told.push(JSON.parse(line));
      else others.push(line);
    }
  };
  const ended = Promise.all([child.status, read(child.stdout), read(child.stderr)]);
  const witness = () => [`${args.at(-1)}:`, ...others.slice(-15)].join("\n  ");
  witnesses.add(witness);
  const input = child.stdin.getWriter();
  return {
    told,
    ask: () => input.write(new TextEncoder().encode("\n")),
    async [Symbol.asyncDispose]() {
      witnesses.delete(witness);
      await input.close().catch(() => {}); // it may have ended by itself
      await ended;
    },
  };
}
