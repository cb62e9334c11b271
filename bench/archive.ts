import { packFile } from "../local/exchange/archive/archive.ts";
import { fileOf } from "../history/files.ts";
import { type Period, periodsOf, type Span } from "../history/plan.ts";
import { candleHeader, tradeHeader } from "../local/exchange/archive/csv.ts";
import { createRandom } from "../local/exchange/market/random.ts";
import { usualMarket } from "../shared/exchange/markets/mod.ts";
import type { Archive } from "../shared/stream.ts";

const MINUTE = 60_000;

/** A local archive: each file is packed once, and served for every symbol, as a line has no symbol. */
export interface BenchArchive extends AsyncDisposable {
  readonly url: string;
  /** Adds the files of a span. */
  add<M>(
    archive: Archive<M>,
    symbols: readonly string[],
    interval: string,
    span: Span,
    csv: (period: Period) => string,
  ): void;
}

export function startBenchArchive(): BenchArchive {
  const files = new Map<string, Uint8Array | string>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    const file = files.get(new URL(url).pathname);
    return file === undefined ? new Response(null, { status: 404 }) : new Response(file as BodyInit);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    add(archive, symbols, interval, span, csv) {
      for (const period of periodsOf(span, archive.byMonth, Date.now())) {
        const { zip, checksum } = packFile("data", csv(period));
        for (const symbol of symbols) {
          const { path } = fileOf(usualMarket, archive, symbol, interval, period);
          files.set(path, zip);
          files.set(`${path}.CHECKSUM`, checksum);
        }
      }
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const random = createRandom(1);
const decimal = (below: number, decimals: number) => (random(below * 1_000) / 1_000).toFixed(decimals);

/** Candles of a minute, as those of BTCUSDT look. */
export function candlesOf({ since, until }: Period): string {
  const lines = [candleHeader];
  for (let at = since; at < until; at += MINUTE) {
    const price = 61_000 + random(500);
    const prices = Array.from({ length: 4 }, () => `${price + random(50)}.${random(10)}0`).join();
    lines.push(
      `${at},${prices},${decimal(300, 3)},${at + MINUTE - 1},${decimal(2e6, 5)},${random(9_000)},${
        decimal(150, 3)
      },` +
        `${decimal(1e6, 5)},0`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Returns what makes days of so many aggregated trades, evenly over the day. */
export function tradesOf(count: number): (period: Period) => string {
  return ({ since, until }) => {
    const lines = [tradeHeader];
    const step = (until - since) / count;
    for (let n = 0; n < count; n++) {
      const time = since + Math.floor(n * step);
      lines.push(
        `${2_000_000_000 + n},${61_000 + random(500)}.${random(10)}0,${decimal(3, 3)},${
          6_000_000_000 + 2 * n
        },` +
          `${6_000_000_001 + 2 * n},${time},${random(2) === 0}`,
      );
    }
    return `${lines.join("\n")}\n`;
  };
}
