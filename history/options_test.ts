import assert from "node:assert/strict";
import { readRequest } from "./options.ts";

const now = Date.parse("2026-11-27T18:30:00Z");
const read = (text: string) => readRequest(text.split(" ").filter(Boolean), ["kline", "trade"], "kline", now);
const at = (text: string) => Date.parse(`${text}T00:00:00Z`);

Deno.test("without --to the range ends now, and the configuration says which symbols and intervals", () => {
  assert.deepEqual(read("--from 2024-01-01"), {
    since: at("2024-01-01"),
    until: now,
    streams: ["kline"],
    symbols: undefined,
    intervals: undefined,
    audit: false,
  });
});

Deno.test("the day that --to names is read to its end, but not beyond now", () => {
  assert.equal(read("--from 2024-01-01 --to 2024-01-01")?.until, at("2024-01-02"));
  assert.equal(read("--from 2024-01-01 --to 2026-11-27")?.until, now);
});

Deno.test("lists are taken with each entry once, symbols in any case", () => {
  const request = read(
    "--from 2024-01-01 --streams trade,kline --symbols btcusdt,1incHusdt,BTCUSDT --intervals 1h,1m,1h",
  );
  assert.deepEqual(request?.streams, ["trade", "kline"]);
  assert.deepEqual(request?.symbols, ["BTCUSDT", "1INCHUSDT"]);
  assert.deepEqual(request?.intervals, ["1h", "1m"]);
});

Deno.test("a comparison with REST is asked for", () =>
  assert.equal(read("--from 2024-01-01 --audit")?.audit, true));

Deno.test("help is asked for", () => assert.equal(read("--help --from x"), undefined));

for (
  const [args, why] of [
    ["", /^Cannot import without --from\. Example: --from 2024-01-01$/],
    ["--from yesterday", /^Cannot use --from: it must be a day such as 2024-01-31: it is "yesterday"$/],
    ["--from 2024-02-30", /^Cannot use --from: it must be a day/],
    ["--from 2024-1-1", /^Cannot use --from: it must be a day/],
    ["--from 2009-01-03", /^Cannot use --from: it must not be before 2017-07-14, when the exchange opened/],
    ["--from 2026-11-28", /^Cannot use --from: it must not be after today: it is 2026-11-28$/],
    [
      "--from 2024-01-02 --to 2024-01-01",
      /^Cannot use --to: it must not be before --from 2024-01-02: it is 2024-01-01$/,
    ],
    ["--from 2024-01-01 --to x", /^Cannot use --to: it must be a day/],
    [
      "--from 2024-01-01 --streams book",
      /^Cannot use --streams: it must name some of kline, trade: it names book$/,
    ],
    ["--from 2024-01-01 --streams ,", /^Cannot use --streams: it names nothing$/],
    [
      "--from 2024-01-01 --symbols BTC-USDT",
      /^Cannot use --symbols: BTC-USDT is no symbol\. Example: BTCUSDT/,
    ],
    [
      "--from 2024-01-01 --intervals 1w",
      /^Cannot use --intervals: it must name intervals of up to a day.*it names 1w/,
    ],
    ["--from 2024-01-01 --intervals 7m", /^Cannot use --intervals: .*it names 7m/],
    ["--from 2024-01-01 --symbol BTCUSDT", /^Unknown option '--symbol'.*: see --help$/],
    ["--from 2024-01-01 more", /^Unexpected argument 'more'.*: see --help$/],
    ["--from", /--from.*: see --help$/],
  ] as const
) {
  Deno.test(`history ${args} is refused: ${why.source}`, () => {
    assert.throws(() => read(args), { name: "ConfigError", message: why });
  });
}
