import assert from "node:assert/strict";
import { readOptions } from "./options.ts";
import { recordingTest } from "./test_recording.ts";

Deno.test("a wrong option is named, with what would be right", async () => {
  await assert.rejects(
    readOptions(["--rate", "many"]),
    /--rate as it must be a number from 0.001: it is many/,
  );
  await assert.rejects(readOptions(["--port", "-1"]), /--port/);
  await assert.rejects(readOptions(["--symbols", ","]), /--symbols as it must name one at least/);
  await assert.rejects(
    readOptions(["--agg-trades", "some"]),
    /--agg-trades as it must be cut or uncut: it is some/,
  );
  await assert.rejects(readOptions(["--fast"]), /--fast/);
  await assert.rejects(readOptions(["--file", "missing.jsonl"]), /missing\.jsonl/);
});

Deno.test("without options it simulates ten symbols as fast as time passes", async () => {
  const options = await readOptions([]);
  assert.ok(options !== "help" && options.feed.kind === "simulated");
  assert.equal(options.feed.symbols.length, 10);
  assert.deepEqual([options.feed.intervals, options.feed.rate, options.pace], [["1m"], 200, { speed: 1 }]);
  assert.equal(await readOptions(["--help"]), "help");
});

Deno.test("symbols are taken in any case and once, intervals with blanks", async () => {
  const options = await readOptions(["--symbols", "btcusdt, 币安人生usdt,BTCUSDT", "--intervals", "1m, 1h"]);
  assert.ok(options !== "help" && options.feed.kind === "simulated");
  assert.deepEqual(options.feed.symbols, ["BTCUSDT", "币安人生USDT"]);
  assert.deepEqual(options.feed.intervals, ["1m", "1h"]);
});

recordingTest(
  "a file has its own symbols and its own speed, unless options say otherwise",
  "usdm_kline_bookTicker_2021-07-22.jsonl.gz",
  async (file) => {
    const own = await readOptions(["--file", file]);
    assert.ok(own !== "help");
    assert.deepEqual([own.feed.symbols.length, own.pace], [4, { speed: 1 }]);
    const options = await readOptions([
      "--file",
      file,
      "--symbols",
      "CTKUSDT",
      "--rate",
      "50",
      "--agg-trades",
      "uncut",
    ]);
    assert.ok(options !== "help");
    assert.deepEqual([options.feed.symbols, options.pace], [["CTKUSDT"], { rate: 50 }]);
    assert.deepEqual([own.feed.aggTrades, options.feed.aggTrades], [undefined, "uncut"]);
  },
);
