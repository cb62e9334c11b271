import assert from "node:assert/strict";
import { kline } from "../shared/streams/kline.ts";
import { trade } from "../shared/streams/trade.ts";
import type { Stream } from "../shared/stream.ts";
import { DAY, type Period } from "./plan.ts";
import { absentDays, presentInFiles, renderLost, renderTallies, spansToAsk, tallyOf } from "./report.ts";
import type { Listing, Series } from "./series.ts";

const since = Date.UTC(2026, 10, 1);
const at = (days: number) => since + days * DAY;
const now = at(10) + 3_600_000;
const period = (first: number, days = 1): Period => ({
  unit: days === 1 ? "daily" : "monthly",
  since: at(first),
  until: at(first + days),
});
const hours: Series = { stream: kline as unknown as Stream, symbol: "BTCUSDT", interval: "1h" };
const days: Series = { stream: trade as unknown as Stream, symbol: "BTCUSDT", interval: "" };
const listing = (series: Series, found: Period[], lacking: Period[]): Listing => ({
  series,
  found: found.map((period) => ({
    series,
    file: {
      path: `day ${(period.since - since) / DAY}`,
      symbol: "BTCUSDT",
      interval: series.interval,
      period,
    },
    sha256: "",
  })),
  lacking,
});

Deno.test("REST is asked for days without a file, for files with holes and for today, and not for what a refused file has", () => {
  const rows: Record<string, number | undefined> = { "day 0": 24, "day 1": 23, "day 2": undefined };
  const one = listing(hours, [period(0), period(1), period(2)], [period(4), period(5)]);
  const spans = spansToAsk(one, { since, until: now - 60_000 }, now, (path) => rows[path]);
  assert.deepEqual(spans, [{ since: at(1), until: at(2) }, { since: at(4), until: at(6) }]);
  const [, , today] = spansToAsk(one, { since, until: now + 1 }, now, (path) => rows[path]);
  assert.deepEqual(today, { since: at(10), until: at(10) + 3_600_000 }, "the hour that has ended");
});

Deno.test("of a range in the past REST is not asked for today", () => {
  assert.deepEqual(spansToAsk(listing(hours, [period(0)], []), { since, until: at(1) }, now, () => 24), []);
});

Deno.test("of files without a hole nothing is counted, and the other spans are all that is left", () => {
  const rows: Record<string, number | undefined> = {
    "day 0": 24,
    "day 1": 24,
    "day 3": 23,
    "day 5": undefined,
    "day 6": 24,
  };
  const one = listing(hours, [6, 5, 3, 1, 0].map((day) => period(day)), [period(2)]);
  assert.deepEqual(presentInFiles(one, { since, until: at(8) + 1 }, (path) => rows[path]), {
    rows: 72,
    rest: [{ since: at(2), until: at(6) }, { since: at(7), until: at(8) }],
  });
  assert.deepEqual(presentInFiles(listing(hours, [], []), { since, until: at(1) }, () => undefined), {
    rows: 0,
    rest: [{ since, until: at(1) }],
  });
});

Deno.test("a day of trades without a file is absent once it should be published", () => {
  assert.equal(absentDays(listing(days, [], [period(0), period(7), period(8), period(9)]), now), 2);
});

Deno.test("what is expected is present, absent or missing", () => {
  const tally = tallyOf(hours, { since, until: at(2) + 1 }, 40, 5);
  assert.deepEqual(tally, {
    name: "BTCUSDT 1h",
    unit: "candles",
    expected: 48,
    present: 40,
    absent: 5,
    missing: 3,
  });
  assert.deepEqual(tallyOf(days, { since, until: now }, 8, 1).missing, 1);
  assert.deepEqual(renderTallies([tally]).map((line) => line.trimEnd()), [
    "                     expected  present  absent at the source  missing",
    "BTCUSDT 1h  candles        48       40                     5        3",
  ]);
});

Deno.test("what is gone is told in a line a series, and nothing where nothing is", () => {
  const [whole, partly] = [
    listing(days, [period(0)], []),
    listing(hours, [period(1), period(2), period(3)], []),
  ];
  const stored = new Map([["day 0", { lost: 0 }], ["day 1", { lost: 1_000 }], ["day 2", { lost: 24 }]]);
  assert.deepEqual(renderLost([whole, partly], stored), [
    "BTCUSDT 1h: 1,024 rows of imported files are gone: imports 2 files anew",
  ]);
});
