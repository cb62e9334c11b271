import assert from "node:assert/strict";
import { note } from "../../shared/telemetry/histogram.ts";
import type { Picture, StreamPicture } from "./picture.ts";
import { formatCount, formatDelay, formatTime, renderLines, renderScreen, type Row } from "./screen.ts";
import { nothing, streamCounts } from "./totals.ts";

function stream(
  name: string,
  counts: Record<string, number>,
  more: Partial<StreamPicture> = {},
): StreamPicture {
  const delays: number[] = [];
  if (counts.stored) note(delays, 0.1, counts.stored);
  return {
    name,
    isProduced: true,
    counts: streamCounts({ ...nothing, counts }, nothing, counts.rows ?? 0),
    behind: 0,
    delays,
    recentDelays: delays,
    ...more,
  };
}

const prices = { BTCUSDT: "85624.50", DOGEUSDT: "0.141550", "1000SHIBUSDT": "12" };
const picture: Picture = {
  streams: [
    stream("kline", { received: 1_234_567, produced: 1_234_567, stored: 1_234_500, rows: 40 }, {
      behind: 67,
    }),
    stream("book", { received: 10, produced: 8, buffered: 1, dropped: 1 }, { behind: null }),
    stream("gap", { stored: 3 }, { isProduced: false }),
  ],
  gaps: { open: 1, unknown: 0, unrepaired: 1_200, lost: 0, absent: 0, repaired: 3 },
  prices,
  troubles: [],
  restarts: {},
};
const stage = { doing: "running", elapsedMs: 90_000 };

const textOf = (rows: Row[]) => rows.map((row) => row.map(({ text }) => text).join("").trimEnd());

Deno.test("the screen is a table with a column a stream, and the prices aligned by their points", () => {
  assert.deepEqual(textOf(renderScreen(picture, { ...stage, durationMs: 120_000 }, 100, 40)), [
    "",
    "                    kline         book          gap     BTCUSDT      85624.50",
    "received        1,234,567           10            –     DOGEUSDT         0.141550",
    "produced        1,234,567            8            –     1000SHIBUSDT    12",
    "buffered                0            1            –",
    "merged                  0            0            –",
    "duplicate               0            0            –",
    "dropped                 0            1            –",
    "unsent                  0            0            –",
    "rejected                0            0            0",
    "stored          1,234,500            0            3",
    "expired                 0            0            0",
    "rows                   40            0            0",
    "behind                 67            –            0",
    "delay p50          0.1 ms            –       0.1 ms",
    "delay p99          0.1 ms            –       0.1 ms",
    "",
    "gaps        1 open, 1,200 unrepaired, 3 repaired",
    "00:01:30 of 00:02:00  running",
  ]);
});

Deno.test("what is lost and what is wrong stands out", () => {
  const rows = renderScreen({ ...picture, troubles: ["book:produce: no frame for 61 s"] }, stage, 100, 40);
  const alarms = rows.flat().filter(({ style }) => style === "alarm").map(({ text }) => text.trim());
  assert.deepEqual(alarms, [
    "1",
    "1 open, 1,200 unrepaired, 3 repaired",
    "! book:produce: no frame for 61 s",
  ]);
});

Deno.test("no row is wider than the terminal, nor are there more than it has", () => {
  const wide = { ...picture, prices: { ...prices, "币安人生USDT": "1.5" }, troubles: ["币".repeat(300)] };
  for (const [columns, rows] of [[100, 40], [58, 40], [30, 10], [10, 3], [1, 1]]) {
    const painted = textOf(renderScreen(wide, stage, columns, rows));
    assert.ok(painted.length < Math.max(2, rows), `${painted.length} rows of ${rows}`);
    for (const line of painted) {
      const width = [...line].reduce((sum, letter) => sum + (/\p{Script=Han}/u.test(letter) ? 2 : 1), 0);
      assert.ok(width < columns || columns === 1, `${width} columns of ${columns}: ${line}`);
    }
  }
});

Deno.test("more prices than there is room for are counted", () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`S${i}`, "1.0"]));
  const painted = textOf(renderScreen({ ...picture, prices: many }, stage, 100, 40));
  const shown = painted.join("\n").match(/S\d+/g)!.length;
  assert.match(painted.find((line) => line.startsWith("delay p99"))!, new RegExp(`and ${200 - shown} more$`));
});

Deno.test("as lines, what is not known is left out", () => {
  assert.deepEqual(
    renderLines(
      { ...picture, streams: picture.streams.slice(1), troubles: ["book:consume: starting"] },
      stage,
    ),
    [
      "00:01:30 book: received=10 produced=8 buffered=1 merged=0 duplicate=0 dropped=1 unsent=0 rejected=0 stored=0 expired=0 rows=0",
      "00:01:30 gap: rejected=0 stored=3 expired=0 rows=0 behind=0 p50_ms=0.1 p99_ms=0.1",
      "00:01:30 gaps: 1 open, 1,200 unrepaired, 3 repaired",
      "00:01:30 prices: BTCUSDT=85624.50 DOGEUSDT=0.141550 1000SHIBUSDT=12",
      "00:01:30 ! book:consume: starting",
    ],
  );
});

Deno.test("figures are written for people", () => {
  assert.deepEqual([null, 0, 1_234_567].map(formatCount), ["–", "0", "1,234,567"]);
  assert.deepEqual([null, 3.4, 186.4, 10_240].map(formatDelay), ["–", "3.4 ms", "186 ms", "10.2 s"]);
  assert.deepEqual([0, 59_999, 3_600_000 * 100 + 61_000].map(formatTime), [
    "00:00:00",
    "00:00:59",
    "100:01:01",
  ]);
});

Deno.test("on a narrow terminal streams that are not the exchange's give way to the prices", () => {
  const names = (columns: number) =>
    textOf(renderScreen(picture, stage, columns, 40))[1].trim().split(/\s+/).slice(0, -2);
  assert.deepEqual(names(100), ["kline", "book", "gap"]);
  assert.deepEqual(names(70), ["kline", "book"]);
});
