import assert from "node:assert/strict";
import { expand, intervalMs, intervalText, type View } from "./macros.ts";

const view: View = {
  from: new Date("2026-08-10T11:00:00Z"),
  to: new Date("2026-08-10T12:00:00.120Z"),
  points: 300,
  variables: { symbol: ["BTCUSDT", "O'USDT"], interval: "5m" },
};

Deno.test("a variable, a format or a macro that Grafana does not know is refused", () => {
  assert.throws(() => expand("select $nothing", view), /does not know the variable nothing/);
  assert.throws(() => expand("select ${symbol:csv}", view), /does not know the format csv/);
  assert.throws(() => expand("select $__timeFiltre(time)", view), /does not know the macro __timeFiltre/);
});

Deno.test("variables and intervals are put in as text", () => {
  assert.equal(
    expand("'$interval' '$__interval' $__interval_ms (${symbol:sqlstring})", view),
    "'5m' '10s' 10000 ('BTCUSDT','O''USDT')",
  );
});

Deno.test("macros are the range, their argument ends at the first parenthesis", () => {
  assert.equal(expand("$__timeFrom()::timestamptz", view), "'2026-08-10T11:00:00Z'::timestamptz");
  assert.equal(
    expand("$__timeFilter( second )", view),
    "second BETWEEN '2026-08-10T11:00:00Z' AND '2026-08-10T12:00:00.12Z'",
  );
  assert.match(expand("$__timeFilter(date(second))", view), /^date\(second BETWEEN/);
});

Deno.test("the interval is the range by the points, rounded as Grafana rounds it", () => {
  const to = view.to.getTime();
  const hours = (count: number) =>
    intervalText(intervalMs({ ...view, from: new Date(to - count * 3_600_000) }));
  assert.deepEqual([0.01, 0.25, 1, 6, 24, 720].map(hours), ["1s", "2s", "10s", "1m", "5m", "2h"]);
});
