import assert from "node:assert/strict";
import { note } from "../../shared/telemetry/histogram.ts";
import { formatCount, formatDelay, formatRate, formatTime } from "./format.ts";
import type { Picture, StreamPicture } from "./picture.ts";
import type { Row } from "./rows.ts";
import { renderLines, renderScreen, type Stage } from "./screen.ts";
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
    rate: 0,
    behind: 0,
    delays,
    recentDelays: delays,
    ...more,
  };
}

const prices = { BTCUSDT: "85624.50", DOGEUSDT: "0.141550", "1000SHIBUSDT": "12" };
const picture: Picture = {
  streams: [
    stream("kline", { received: 1_234_567, produced: 1_234_567, stored: 1_234_500, rows: 40, duplicate: 2 }, {
      behind: 67,
      rate: 3.25,
    }),
    stream("book", { received: 10, produced: 8, buffered: 1, dropped: 1 }, { behind: null, rate: 1_234.5 }),
    stream("coverage", { stored: 3, rows: 3 }, { isProduced: false }),
    stream("gap", {}, { isProduced: false }),
  ],
  gaps: { open: 1, unknown: 0, unrepaired: 1_200, lost: 0, absent: 0, repaired: 3 },
  audit: null,
  prices,
  troubles: [],
  restarts: {},
};
const stage: Stage = {
  tag: "SIMULATED",
  headline: "SIMULATED data, not the market",
  places: { look: "deno task sql", Kafka: "127.0.0.1:40001", logs: ".local/log" },
  doing: "running",
  elapsedMs: 90_000,
};

const textOf = (rows: Row[]) => rows.map((row) => row.map(({ text }) => text).join("").trimEnd());
const screen = (columns: number, rows: number, more: Partial<Picture> = {}) =>
  textOf(renderScreen({ ...picture, ...more }, stage, columns, rows));

Deno.test("what is wrong and the status, with what kind of data it is, are the last to go", () => {
  const troubles = ["book:produce: no frame for 61 s"];
  assert.deepEqual(screen(80, 1, { troubles }), ["SIMULATED  00:01:30  running"]);
  assert.deepEqual(screen(80, 3, { troubles }), [`! ${troubles[0]}`, "SIMULATED  00:01:30  running"]);
  for (let rows = 4; rows < 40; rows++) {
    const painted = screen(80, rows, { troubles });
    assert.equal(painted.at(-1), "SIMULATED  00:01:30  running");
    assert.ok(painted.includes(`! ${troubles[0]}`));
    assert.ok(rows < 12 || painted[0] === " SIMULATED data, not the market", `${rows} rows: ${painted[0]}`);
  }
});

Deno.test("the screen has a row a stream that does something, gaps in words, the prices, and where things are", () => {
  assert.deepEqual(textOf(renderScreen(picture, { ...stage, durationMs: 120_000 }, 100, 40)), [
    " SIMULATED data, not the market",
    "",
    "          messages/s  waiting  lost  rejected  delay 50 %    99 %  rows     stored",
    "kline            3.3       67     0         0      0.1 ms  0.1 ms    40  1,234,500",
    "book           1,235        –     1         0           –       –     0          0",
    "coverage           0        0     0         0      0.1 ms  0.1 ms     3          3",
    "",
    "gaps      1 open, 1,200 unrepaired, 3 repaired",
    "also      kline 2 duplicate",
    "",
    "BTCUSDT      85624.50        DOGEUSDT         0.141550    1000SHIBUSDT    12",
    "",
    "look      deno task sql",
    "Kafka     127.0.0.1:40001",
    "logs      .local/log",
    "",
    "SIMULATED  00:01:30 of 00:02:00  running",
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
  const wide = { prices: { ...prices, "币安人生USDT": "1.5" }, troubles: ["币".repeat(300)] };
  for (
    const [columns, rows] of [[160, 50], [100, 40], [80, 24], [80, 15], [58, 40], [30, 10], [10, 3], [1, 1]]
  ) {
    const painted = screen(columns, rows, wide);
    assert.ok(painted.length < Math.max(2, rows), `${painted.length} rows of ${rows}`);
    for (const line of painted) {
      const width = [...line].reduce((sum, letter) => sum + (/\p{Script=Han}/u.test(letter) ? 2 : 1), 0);
      assert.ok(width < columns || columns === 1, `${width} columns of ${columns}: ${line}`);
    }
  }
});

Deno.test("more prices than there is room for are counted", () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`S${i}`, "1.0"]));
  const painted = screen(100, 24, { prices: many }).join("\n");
  const shown = painted.match(/S\d+/g)!.length;
  assert.ok(shown > 20);
  assert.match(painted, new RegExp(`and ${200 - shown} more`));
});

Deno.test("on a narrow terminal the last columns go", () => {
  assert.match(screen(60, 24)[2], /messages\/s +waiting +lost +rejected +delay 50 %$/);
});

Deno.test("as lines, what is not known is left out", () => {
  assert.deepEqual(
    renderLines(
      { ...picture, streams: picture.streams.slice(1, 3), troubles: ["book:consume: starting"] },
      stage,
    ),
    [
      "00:01:30 book: received=10 produced=8 buffered=1 merged=0 duplicate=0 dropped=1 unsent=0 rejected=0 stored=0 expired=0 rows=0",
      "00:01:30 coverage: rejected=0 stored=3 expired=0 rows=3 behind=0 p50_ms=0.1 p99_ms=0.1",
      "00:01:30 gaps: 1 open, 1,200 unrepaired, 3 repaired",
      "00:01:30 prices: BTCUSDT=85624.50 DOGEUSDT=0.141550 1000SHIBUSDT=12",
      "00:01:30 ! book:consume: starting",
    ],
  );
});

Deno.test("figures are written for people", () => {
  assert.deepEqual([null, 0, 1_234_567].map(formatCount), ["–", "0", "1,234,567"]);
  assert.deepEqual([0, 0.25, 9.96, 1_234.6].map(formatRate), ["0", "0.3", "10.0", "1,235"]);
  assert.deepEqual([null, 3.4, 186.4, 10_240].map(formatDelay), ["–", "3.4 ms", "186 ms", "10.2 s"]);
  assert.deepEqual([0, 59_999, 3_600_000 * 100 + 61_000].map(formatTime), [
    "00:00:00",
    "00:00:59",
    "100:01:01",
  ]);
});
