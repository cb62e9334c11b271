import assert from "node:assert/strict";
import fc from "fast-check";
import { dateOf, DAY, daysOf, joined, type Period, periodsOf } from "./plan.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);
const names = (periods: readonly Period[]) => periods.map(dateOf);

const anyDay = fc.integer({ min: at("2019-09-08") / DAY, max: at("2030-03-01") / DAY }).map((day) =>
  day * DAY
);
const anyNow = fc.tuple(anyDay, fc.nat(DAY - 1)).map(([day, ms]) => day + ms);

Deno.test("each day that is over is in exactly one file, and no other day is", () => {
  fc.assert(fc.property(anyDay, fc.nat(1_500), anyNow, fc.boolean(), (since, days, now, byMonth) => {
    const until = since + days * DAY;
    const covered = periodsOf({ since, until }, byMonth, now).flatMap(daysOf).map((day) => day.since);
    const wanted = daysOf({ since, until }).map((day) => day.since).filter((day) => day + DAY <= now);
    assert.deepEqual(covered, wanted);
  }));
});

Deno.test("a month's file is a whole month that is over, and no month that is over is read by days", () => {
  fc.assert(fc.property(anyDay, fc.nat(1_500), anyNow, (since, days, now) => {
    const periods = periodsOf({ since, until: since + days * DAY }, true, now);
    for (const { unit, since, until } of periods) {
      const first = new Date(since);
      const next = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1);
      if (unit === "monthly") assert.deepEqual([first.getUTCDate(), until], [1, next]);
      else assert.equal(until - since, DAY);
    }
    const byMonth = new Map<string, Period[]>();
    for (const period of periods) {
      const month = dateOf({ ...period, unit: "monthly" });
      byMonth.set(month, [...byMonth.get(month) ?? [], period]);
    }
    for (const [month, [{ unit }, ...more]] of byMonth) {
      const days = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
      assert.ok(unit === "monthly" ? more.length === 0 : more.length + 1 < days, month);
    }
  }));
});

Deno.test("a range is whole months and the days around them, the newest first", () => {
  const span = { since: at("2024-01-30"), until: at("2024-04-03") };
  const now = at("2024-06-01");
  assert.deepEqual(names(periodsOf(span, true, now)), [
    ...["2024-04-02", "2024-04-01", "2024-03", "2024-02", "2024-01-31", "2024-01-30"],
  ]);
  assert.deepEqual(names(periodsOf({ ...span, since: at("2024-04-01") }, false, now)), [
    ...["2024-04-02", "2024-04-01"],
  ]);
});

Deno.test("a month that is not over is read by days, and the day of now is not read", () => {
  const span = { since: at("2024-02-01"), until: at("2024-03-01") };
  assert.deepEqual(names(periodsOf(span, true, at("2024-02-03") + 5)), ["2024-02-02", "2024-02-01"]);
  assert.deepEqual(names(periodsOf(span, true, at("2024-02-01") + 5)), []);
});

Deno.test("joined spans cover what the spans cover, and none touches the next", () => {
  const anySpan = fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 9 })).map(([since, length]) => ({
    since,
    until: since + length,
  }));
  fc.assert(fc.property(fc.array(anySpan), (spans) => {
    const all = joined(spans);
    for (let point = 0; point < 60; point++) {
      const within = (some: readonly { since: number; until: number }[]) =>
        some.filter(({ since, until }) => since <= point && point < until).length;
      assert.equal(within(all), within(spans) > 0 ? 1 : 0);
    }
    for (const [n, { since }] of all.entries()) assert.ok(n === 0 || all[n - 1].until < since);
  }));
});
