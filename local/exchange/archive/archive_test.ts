import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { unzipSync } from "fflate";
import { usualMarket } from "../../../shared/exchange/markets/mod.ts";
import { startExchange } from "../server.ts";
import { createArchive } from "./archive.ts";
import { DAY, pastCandles, pastTrades } from "./past.ts";

const until = Date.UTC(2024, 9, 2, 5);
const symbols = ["BTCUSDT", "ALGOUSDT"];
const archive = createArchive({ market: usualMarket, symbols, seed: 1, until: () => until });
const path = (rest: string) => `${usualMarket.archivePath}/${rest}`;
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** The text of the file in the zip file at a path, which must be as its checksum says. */
function csvAt(rest: string): string {
  const zip = archive(path(rest));
  assert.ok(zip, rest);
  const name = rest.slice(rest.lastIndexOf("/") + 1);
  const sha256 = createHash("sha256").update(zip).digest("hex");
  assert.equal(text(archive(path(`${rest}.CHECKSUM`))), `${sha256}  ${name}\n`);
  const [[inner, csv]] = Object.entries(unzipSync(zip));
  assert.equal(inner, name.replace(".zip", ".csv"));
  return text(csv);
}

Deno.test("a day's file has each minute once, some of them without trades, and is always the same", () => {
  const csv = csvAt("daily/klines/ALGOUSDT/1m/ALGOUSDT-1m-2024-09-14.zip");
  const [header, ...lines] = csv.trim().split("\n");
  assert.match(header, /^open_time,open,high,/);
  assert.deepEqual(
    lines.map((line) => Number(line.split(",")[0])),
    Array.from({ length: 1_440 }, (_, n) => Date.UTC(2024, 8, 14) + n * 60_000),
  );
  const flat = lines.filter((line) => line.split(",")[8] === "0");
  assert.ok(flat.length > 30 && flat.length < 150, `${flat.length} candles without trades`);
  for (const line of flat) {
    const [, open, high, low, close, volume] = line.split(",");
    assert.deepEqual([high, low, close, volume], [open, open, open, "0"]);
  }
  const again = createArchive({ market: usualMarket, symbols, seed: 1, until: () => until });
  assert.deepEqual(
    again(path("daily/klines/ALGOUSDT/1m/ALGOUSDT-1m-2024-09-14.zip")),
    archive(path("daily/klines/ALGOUSDT/1m/ALGOUSDT-1m-2024-09-14.zip")),
  );
});

Deno.test("a month's file is its days' files one after the other; files from before May 2022 have no header", () => {
  const month = csvAt("monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2022-04.zip").trim().split("\n");
  assert.equal(month.length, 30 * 24);
  const day = csvAt("daily/klines/BTCUSDT/1h/BTCUSDT-1h-2022-04-02.zip").trim().split("\n");
  assert.deepEqual(month.slice(24, 48), day);
});

Deno.test("the trades of a day add up to its candles, and their ids go on to the next day", () => {
  const day = Date.UTC(2024, 8, 14);
  const trades = [...pastTrades("BTCUSDT", day, 1)];
  const sums = new Map<number, bigint>();
  for (const { time, quantity } of trades) {
    const minute = time - time % 60_000;
    sums.set(minute, (sums.get(minute) ?? 0n) + BigInt(quantity));
  }
  for (const { openTime, volume } of pastCandles("BTCUSDT", "1m", day, 1)) {
    assert.equal(volume, sums.get(openTime) ?? 0n);
  }
  assert.ok(
    trades.every(({ time }, n) => time >= day && time < day + DAY && (n === 0 || time >= trades[n - 1].time)),
  );
  const [next] = pastTrades("BTCUSDT", day + DAY, 1);
  assert.deepEqual([...trades.keys()].map((n) => trades[0].id + n), trades.map(({ id }) => id));
  assert.equal(next.id, trades.at(-1)!.id + 1);
});

for (
  const [what, rest] of [
    ["a day that is not over", "daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-10-02.zip"],
    ["a month that is not over", "monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-10.zip"],
    ["a day before the archive begins", "daily/klines/BTCUSDT/1m/BTCUSDT-1m-2019-12-31.zip"],
    ["a symbol that does not exist", "daily/klines/XUSDT/1m/XUSDT-1m-2024-09-14.zip"],
    ["an interval that does not exist", "daily/klines/BTCUSDT/7m/BTCUSDT-7m-2024-09-14.zip"],
    ["another symbol's name", "daily/klines/BTCUSDT/1m/ALGOUSDT-1m-2024-09-14.zip"],
    ["a date that is none", "daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-99-14.zip"],
    ["no file", ""],
  ]
) {
  Deno.test(`there is no file of ${what}`, () => {
    assert.equal(archive(path(rest)), undefined);
    assert.equal(archive(path(`${rest}.CHECKSUM`)), undefined);
  });
}

Deno.test("the exchange serves the days before the one on which its market began", async () => {
  const startTime = Date.UTC(2026, 9, 2, 5);
  const feed = { kind: "simulated", symbols, intervals: ["1m"], rate: 10, seed: 1, startTime } as const;
  await using exchange = await startExchange({ feed, paused: true });
  const statusOf = async (date: string) => {
    const response = await fetch(exchange.url + path(`daily/klines/BTCUSDT/1m/BTCUSDT-1m-${date}.zip`));
    const bytes = await response.bytes();
    return response.status === 200 ? Object.keys(unzipSync(bytes)) : response.status;
  };
  assert.deepEqual(await statusOf("2026-10-01"), ["BTCUSDT-1m-2026-10-01.csv"]);
  assert.equal(await statusOf("2026-10-02"), 404);
});
