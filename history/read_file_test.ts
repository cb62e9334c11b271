import assert from "node:assert/strict";
import fc from "fast-check";
import { deflateSync, Zip, ZipDeflate, zipSync } from "fflate";
import { deflateRawSync } from "node:zlib";
import { usualMarket } from "../shared/exchange/markets/mod.ts";
import { kline } from "../shared/streams/kline.ts";
import { trade } from "../shared/streams/trade.ts";
import { fileOf } from "./files.ts";
import { linesOf } from "./lines.ts";
import { DAY } from "./plan.ts";
import { readMessages } from "./read_file.ts";
import { unzip } from "./unzip.ts";

const since = Date.UTC(2024, 8, 14);
const period = { unit: "daily", since, until: since + DAY } as const;
const candles = fileOf(usualMarket, kline.archive!, "ALGOUSDT", "1m", period);
const trades = fileOf(usualMarket, trade.archive!, "ALGOUSDT", "", period);
const utf8 = new TextEncoder();

/** A candle's line, in ms unless `factor` makes it µs. */
const line = (minute: number, { o = "0.1234", factor = 1 } = {}) => {
  const open = since + minute * 60_000;
  const close = (open + 60_000) * factor - 1;
  return `${open * factor},${o},0.1240,0.1230,0.1235,254020,${close},31371.4700,12,1000.0,123.4,0`;
};

/** Cuts bytes at the given places. */
async function* cutAt(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (
    const place of [...places.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  ) {
    yield bytes.subarray(from, place);
    from = place;
  }
}

const readCandles = async (text: string, places: number[] = []) =>
  (await Array.fromAsync(readMessages(kline.archive!, candles, linesOf(cutAt(utf8.encode(text), places)), 7)))
    .flat();
const readTrades = async (text: string) =>
  (await Array.fromAsync(readMessages(trade.archive!, trades, linesOf(cutAt(utf8.encode(text), [])), 7)))
    .flat();

/** A path from the market's folder on. */
const below = (path: string) => {
  assert.ok(path.startsWith(`${usualMarket.archivePath}/`), path);
  return path.slice(usualMarket.archivePath.length + 1);
};

Deno.test("a file is at the exchange's path for its market, kind, symbol, interval and date", () => {
  assert.equal(below(candles.path), "daily/klines/ALGOUSDT/1m/ALGOUSDT-1m-2024-09-14.zip");
  assert.equal(below(trades.path), "daily/aggTrades/ALGOUSDT/ALGOUSDT-aggTrades-2024-09-14.zip");
  const month = { unit: "monthly", since: Date.UTC(2024, 0), until: Date.UTC(2024, 1) } as const;
  assert.equal(
    below(fileOf(usualMarket, kline.archive!, "币安人生USDT", "1h", month).path),
    `monthly/klines/${encodeURI("币安人生")}USDT/1h/${encodeURI("币安人生")}USDT-1h-2024-01.zip`,
  );
});

Deno.test("a candle's line becomes a message field by field, and its decimals stay as they are written", async () => {
  const [first] = await readCandles(line(3));
  const {
    openTime,
    closeTime,
    open,
    volume,
    quoteVolume,
    numTrades,
    takerBuyBaseVolume,
    isClosed,
    eventTime,
  } = first;
  assert.deepEqual([openTime, closeTime], [since + 180_000, since + 239_999]);
  assert.deepEqual([open, volume, quoteVolume, takerBuyBaseVolume], [
    "0.1234",
    "254020",
    "31371.4700",
    "1000.0",
  ]);
  assert.deepEqual([numTrades, isClosed, eventTime], [12, true, 7]);
  assert.ok(kline.message.schema.safeParse(first).success);
});

Deno.test("a trade's line becomes a message field by field", async () => {
  const [first] = await readTrades(`2210345678,2510.51,3.500,6150021377,6150021379,${since + 5},true\n`);
  assert.deepEqual(first, {
    symbol: "ALGOUSDT",
    aggTradeId: 2210345678,
    price: "2510.51",
    qty: "3.500",
    normalQty: null,
    firstTradeId: 6150021377,
    lastTradeId: 6150021379,
    tradeTime: since + 5,
    isBuyerMaker: true,
    eventTime: since + 5,
    receivedAt: 7,
  });
});

Deno.test("a file is read the same with a header or none, in ms or µs, with any line ends, and wherever its parts end", async () => {
  const minutes = fc.uniqueArray(fc.nat(1_439), { minLength: 1, maxLength: 50 }).map((all) =>
    all.sort((a, b) => a - b)
  );
  await fc.assert(fc.asyncProperty(
    minutes,
    fc.boolean(),
    fc.constantFrom(1, 1_000),
    fc.constantFrom("\n", "\r\n"),
    fc.boolean(),
    fc.array(fc.nat(5_000), { maxLength: 5 }),
    async (minutes, hasHeader, factor, end, isEnded, places) => {
      const lines = minutes.map((minute) => line(minute, { factor }));
      if (hasHeader) lines.unshift(kline.archive!.columns.join());
      const messages = await readCandles(lines.join(end) + (isEnded ? end : ""), places);
      assert.deepEqual(messages, await readCandles(minutes.map((minute) => line(minute)).join("\n")));
      assert.deepEqual(messages.map(({ openTime }) => (openTime - since) / 60_000), minutes);
    },
  ));
});

const plain = /^-?\d{1,32}(\.\d{1,32})?$/;

Deno.test("a price is read to the letter or refused, whatever is in its place", async () => {
  const text = fc.oneof(fc.string(), fc.double().map(String), fc.stringMatching(plain));
  await fc.assert(fc.asyncProperty(text.filter((o) => !/[,\r\n]/.test(o)), async (o) => {
    const read = await readCandles(line(0, { o })).then(([{ open }]) => open, (error) => error.message);
    if (plain.test(o)) assert.equal(read, o);
    else assert.match(read, /^line 1 is wrong: open must be a plain decimal: it is "/);
  }));
});

for (
  const [what, text, why] of [
    [
      "garbage",
      `${line(0)}\nPK\u0003garbage\n${line(1)}`,
      /^line 2 is wrong: it must have 12 fields: it has 1$/,
    ],
    ["a field too few", line(0).slice(0, -2), /^line 1 is wrong: it must have 12 fields: it has 11$/],
    ["a line cut short", `${line(0)}\n${line(1).slice(0, 40)}`, /^line 2 is wrong: it must have 12 fields/],
    [
      "a candle of another day",
      `${line(0)}\n${line(1_440)}`,
      /^line 2 is wrong: its time must be from 2024-09-14/,
    ],
    ["a candle twice", `${line(5)}\n${line(5)}`, /^line 2 is wrong: it must be a candle of 1m that follows/],
    [
      "a candle that steps back",
      `${line(5)}\n${line(4)}`,
      /^line 2 is wrong: it must be a candle of 1m that follows/,
    ],
    ["a candle of half a minute", line(0.5), /^line 1 is wrong: it must be a candle of 1m/],
    [
      "a count that is none",
      line(0).replace(",12,", ",1.5,"),
      /^line 1 is wrong: count must be a whole number: it is "1.5"$/,
    ],
    ["a header alone", kline.archive!.columns.join(), /^it has no line of 2024-09-14T00:00:00.000Z$/],
    ["nothing", "", /^it has no line of 2024-09-14/],
    ["an endless line", "1".repeat(5_000), /^a line has more than 4096 characters$/],
  ] as const
) {
  Deno.test(`a file with ${what} is refused`, async () => {
    await assert.rejects(readCandles(text), { name: "ArchiveError", message: why });
  });
}

Deno.test("a trade with a side that is none is refused", async () => {
  await assert.rejects(readTrades(`1,2.5,3.5,1,1,${since},maybe`), {
    message: 'line 1 is wrong: is_buyer_maker must be true or false: it is "maybe"',
  });
});

const unzipped = async (zip: Uint8Array, places: number[] = []) =>
  new TextDecoder().decode(
    new Uint8Array((await Array.fromAsync(unzip(cutAt(zip, places)))).flatMap((part) => [...part])),
  );

Deno.test("a zip file is unpacked wherever its parts end, whether it tells its file's length before or after the file", async () => {
  const levels = fc.constantFrom(1 as const, 9 as const);
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 2_000 }),
      levels,
      fc.boolean(),
      fc.array(fc.nat(5_000)),
      async (text, level, isStreamed, places) => {
        const zip = isStreamed ? streamed(text, level) : zipSync({ "a.csv": utf8.encode(text) }, { level });
        assert.equal(await unzipped(zip, places), text);
      },
    ),
    { numRuns: 50 },
  );
});

/** A zip file that is written as its file comes, so that the length follows the file. */
function streamed(text: string, level: 1 | 9): Uint8Array {
  const parts: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    parts.push(bytes);
  });
  const file = new ZipDeflate("a.csv", { level });
  zip.add(file);
  file.push(utf8.encode(text), true);
  zip.end();
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("bytes within the file that look like the end of a file are the file's", async () => {
  // Stored blocks of a deflated file hold its bytes as they are.
  const text = "PK\u0007\u0008 PK\u0001\u0002 PK\u0003\u0004 PK\u0005\u0006";
  const packed = streamed(text, 1);
  const raw = deflateRawSync(text, { level: 0 });
  assert.ok(raw.includes("PK\u0007\u0008"));
  const header = 30 + "a.csv".length;
  const after = header + deflateSync(utf8.encode(text), { level: 1 }).length;
  const zip = new Uint8Array([...packed.subarray(0, header), ...raw, ...packed.subarray(after)]);
  assert.equal(await unzipped(zip), text);
});

Deno.test("a zip file that is cut short anywhere is refused", async () => {
  const content = utf8.encode(Array.from({ length: 200 }, (_, n) => line(n)).join("\n"));
  const zip = zipSync({ "a.csv": content });
  await fc.assert(
    fc.asyncProperty(fc.nat(zip.length - 1), fc.array(fc.nat(5_000)), async (length, places) => {
      await assert.rejects(unzipped(zip.subarray(0, length), places), { name: "ArchiveError" });
    }),
  );
});

Deno.test("what is no zip file, one with two files, and one that is not deflated is refused", async () => {
  await assert.rejects(unzipped(utf8.encode("<html>the file is not here, sorry</html>")), {
    message: "it is no zip file",
  });
  await assert.rejects(unzipped(new Uint8Array()), { name: "ArchiveError" });
  const two = zipSync({ "a.csv": utf8.encode("1".repeat(99)), "b.csv": utf8.encode("2") });
  await assert.rejects(unzipped(two), { name: "ArchiveError", message: "it must hold one file: it holds 2" });
  const stored = zipSync({ "a.csv": utf8.encode("1") }, { level: 0 });
  await assert.rejects(unzipped(stored), { message: "its file must be deflated: its compression is 0" });
});
