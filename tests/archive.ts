import { fileURLToPath } from "node:url";
import { createArchive, packFile } from "../local/exchange/archive/archive.ts";
import { candleFields, tradeFields } from "../local/exchange/archive/csv.ts";
import { DAY, pastCandles, pastTrades } from "../local/exchange/archive/past.ts";
import { instrumentOf } from "../local/exchange/market/instrument.ts";
import { readTasks, taskArguments } from "../local/up/tasks.ts";
import { usualMarket } from "../shared/exchange/markets/mod.ts";
import type { Sql } from "../shared/postgres/mod.ts";

/** Of the past that the archive and its REST have. */
export const SEED = 1;

/** A public archive that tests can spoil, and REST with the candles of the same past up to now. */
export interface TestArchive extends AsyncDisposable {
  readonly url: string;
  /** The zip files that were fetched, in order, without the checksums. */
  readonly fetched: string[];
  /** Answers the path, which begins after the market's folder, with these bytes, or with 404; undefined: as before. */
  set(path: string, bytes: Uint8Array | "missing" | undefined): void;
  /** Has a path hold the text, in a zip file with a right checksum. */
  pack(path: string, csv: string): void;
  /** The bytes that the path has now. */
  get(path: string): Uint8Array | undefined;
  /** The queries that REST was asked for candles. */
  readonly asked: URLSearchParams[];
  /** Candles that the exchange does not have, by the times when they open. */
  readonly lacking: Set<number>;
  /** Breaks the next answers with zip files off in the middle, so many of them. */
  breakOff(times: number): void;
  /** The clock of REST is so many ms behind ours from now on. */
  setBehind(ms: number): void;
}

/** An archive of a simulated past on loopback. Its files end today. */
export function startArchive(symbols: readonly string[], since?: number): TestArchive {
  const archive = createArchive({ market: usualMarket, symbols, seed: SEED, since, until: Date.now });
  const set = new Map<string, Uint8Array | "missing">();
  const fetched: string[] = [];
  const asked: URLSearchParams[] = [];
  const lacking = new Set<number>();
  let broken = 0;
  let behind = 0;
  const whole = (path: string) => `${usualMarket.archivePath}/${path}`;
  const get = (path: string) => {
    const bytes = set.get(path) ?? archive(path);
    return bytes === "missing" ? undefined : bytes;
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    const { pathname: path, searchParams } = new URL(url);
    if (path === usualMarket.paths.klines) {
      asked.push(searchParams);
      return klines(symbols, since, lacking, searchParams, Date.now() - behind);
    }
    const bytes = get(path);
    if (!bytes) return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
    if (!path.endsWith(".zip")) return new Response(bytes as BodyInit);
    fetched.push(path.slice(path.lastIndexOf("/") + 1));
    if (broken-- <= 0) return new Response(bytes as BodyInit);
    const half = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.subarray(0, bytes.length / 2));
        controller.close();
      },
    });
    return new Response(half, { headers: { "content-length": String(bytes.length) } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    fetched,
    asked,
    lacking,
    set(path, bytes) {
      if (bytes) set.set(whole(path), bytes);
      else set.delete(whole(path));
    },
    pack(path, csv) {
      const { zip, checksum } = packFile(path.slice(path.lastIndexOf("/") + 1).replace(".zip", ""), csv);
      set.set(whole(path), zip);
      set.set(whole(`${path}.CHECKSUM`), new TextEncoder().encode(checksum));
    },
    get: (path) => get(whole(path)),
    breakOff: (times) => void (broken = times),
    setBehind: (ms) => void (behind = ms),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Binance: "Kline/Candlestick Data". */
function klines(
  symbols: readonly string[],
  since = 0,
  lacking: ReadonlySet<number>,
  query: URLSearchParams,
  now: number,
): Response {
  const [symbol, interval] = [query.get("symbol")!, query.get("interval")!];
  const [from, to, limit] = ["startTime", "endTime", "limit"].map((name) => Number(query.get(name)));
  if (!symbols.includes(symbol)) {
    return Response.json({ code: -1121, msg: "Invalid symbol." }, { status: 400 });
  }
  const rows: unknown[] = [];
  const first = Math.max(from, since);
  for (let day = first - first % DAY; day <= Math.min(to, now) && rows.length < limit; day += DAY) {
    const candles = pastCandles(symbol, interval, day, SEED)
      .filter(({ openTime }) => openTime >= from && openTime <= Math.min(to, now) && !lacking.has(openTime));
    rows.push(...candles.map((candle) => candleFields(candle, instrumentOf(symbol)).with(11, "0")));
  }
  const headers = { "X-MBX-USED-WEIGHT-1M": "2", date: new Date(now).toUTCString() };
  return Response.json(rows.slice(0, limit), { headers });
}

/** What `deno task history` is told of a database and an archive. */
export function historyEnv(
  database: { readonly url: string },
  { url }: { readonly url: string },
): Record<string, string> {
  return {
    DB_URL: database.url,
    BINANCE_ARCHIVE_URL: url,
    BINANCE_REST_URL: url,
    BINANCE_WEIGHT_PERCENT: "100",
  };
}

/** A run of `deno task history`. */
export interface HistoryRun {
  readonly code: number;
  readonly said: string;
  readonly complained: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** Starts `deno task history` with these words for a database and an archive. */
export async function spawnHistory(
  words: string,
  env: Record<string, string>,
): Promise<{ kill(signal: Deno.Signal): void; ended: Promise<HistoryRun> }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(await readTasks(), "history"), ...words.split(" ")],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const ended = child.output().then(({ code, stdout, stderr }) => ({
    code,
    said: text(stdout),
    complained: text(stderr),
  }));
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
  };
  return { kill, ended };
}

/** Runs `deno task history` to its end. */
export async function runHistory(words: string, env: Record<string, string>): Promise<HistoryRun> {
  return await (await spawnHistory(words, env)).ended;
}

const days = (since: number, until: number) =>
  Array.from({ length: (until - since) / DAY }, (_, n) => since + n * DAY);

/** The candles that the archive has of these days, each as a line of its fields but the last one, which means nothing. */
export function trueCandles(symbol: string, interval: string, since: number, until: number): string[] {
  const scales = instrumentOf(symbol);
  return days(since, until).flatMap((day) => pastCandles(symbol, interval, day, SEED))
    .map((candle) => candleFields(candle, scales).slice(0, -1).join());
}

/** The candles in the table, in the same form. */
export async function storedCandles(sql: Sql, symbol: string, interval: string): Promise<string[]> {
  const rows = await sql`
    select concat_ws(',', extract(epoch from open_time)::numeric(20) * 1000, open, high, low, close, volume,
      (extract(epoch from close_time) * 1000)::numeric(20), quote_volume, num_trades, taker_buy_base_volume,
      taker_buy_quote_volume) as line
    from websocket.kline_data where symbol = ${symbol} and interval = ${interval} and is_closed order by open_time`;
  return rows.map(({ line }) => line);
}

/** The trades that the archive has of these days, each as a line of its fields. */
export function trueTrades(symbol: string, since: number, until: number): string[] {
  const scales = instrumentOf(symbol);
  return days(since, until).flatMap((day) => [...pastTrades(symbol, day, SEED)])
    .map((one) => tradeFields(one, scales).join());
}

/** The trades in the table, in the same form. */
export async function storedTrades(sql: Sql, symbol: string): Promise<string[]> {
  const rows = await sql`
    select concat_ws(',', agg_trade_id, price, qty, first_trade_id, last_trade_id,
      (extract(epoch from trade_time) * 1000)::numeric(20), is_buyer_maker::text) as line
    from websocket.trade_data where symbol = ${symbol} order by agg_trade_id`;
  return rows.map(({ line }) => line);
}

/** Something that changes if any row of candles or of files is written. */
export async function versionsOf(sql: Sql): Promise<unknown> {
  return await sql`
    select count(*)::int, md5(string_agg(xmin || ' ' || ctid, ',' order by symbol, interval, open_time)) as rows,
      (select md5(string_agg(xmin || ' ' || ctid, ',' order by path)) from websocket.archive_files) as files
    from websocket.kline_data`;
}
