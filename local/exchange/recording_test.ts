import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { recording, symbolsOf } from "./recording.ts";
import { recordingTest } from "./test_recording.ts";

const lines = [
  '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":1,"E":5}}',
  '{"stream":"币安人生usdt@trade","data":{"E":7,"k":{"t":1, "T":2}}}',
  '{"stream":"btcusdt@trade","data":{"e":"trade","E":6}}',
];

async function withFile(name: string, content: string | Uint8Array, test: (file: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "recording-"));
  try {
    writeFileSync(join(folder, name), content);
    await test(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("a line that is no envelope is named", async () => {
  for (const bad of ["nonsense", '{"data":{"E":1}}', '{"stream":"a@trade","data":{"e":"trade"}}']) {
    await withFile(
      "bad.jsonl",
      [lines[0], bad].join("\n"),
      (file) => assert.rejects(Array.fromAsync(recording(file)), /as line 2 is no \{"stream"/),
    );
  }
});

Deno.test("payloads are kept to the letter and in order, from plain and packed files, in one piece or many", async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => lines[i % 3]);
  for (
    const [name, content] of [
      ["a.jsonl", many.join("\n")],
      ["b.jsonl", many.join("\n") + "\n"],
      ["c.jsonl.gz", gzipSync(many.join("\n") + "\n")],
    ] as const
  ) {
    await withFile(name, content, async (file) => {
      const events = await Array.fromAsync(recording(file));
      assert.deepEqual(events.map(({ stream, head }) => `{"stream":"${stream}","data":${head}}`), many);
      assert.deepEqual(events.slice(0, 3).map(({ time }) => time), [5, 7, 6]);
    });
  }
});

Deno.test("the symbols of a file are listed, and some of them can be left out", async () => {
  await withFile("a.jsonl", lines.join("\n"), async (file) => {
    assert.deepEqual(await symbolsOf(file), ["BTCUSDT", "币安人生USDT"]);
    const some = await Array.fromAsync(recording(file, ["BTCUSDT"]));
    assert.deepEqual(some.map(({ stream }) => stream), ["btcusdt@bookTicker", "btcusdt@trade"]);
  });
});

recordingTest(
  "the symbols of the 2021 recording are found",
  "usdm_kline_bookTicker_2021-07-22.jsonl.gz",
  async (file) =>
    assert.deepEqual((await symbolsOf(file)).sort(), ["AKROUSDT", "CTKUSDT", "KEEPUSDT", "SUSHIUSDT"]),
);
