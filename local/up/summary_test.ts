import assert from "node:assert/strict";
import { note } from "../../shared/telemetry/histogram.ts";
import type { Picture } from "./picture.ts";
import { toJson, toSentences } from "./summary.ts";
import { nothing, streamCounts } from "./totals.ts";

const fast: number[] = [];
note(fast, 0.1, 98);
const slow: number[] = [];
note(slow, 2_000, 2);
const picture: Picture = {
  streams: [
    {
      name: "kline",
      isProduced: true,
      counts: streamCounts(
        { ...nothing, counts: { received: 1_000, produced: 990, merged: 9, rejected: 1 } },
        { ...nothing, counts: { stored: 990 } },
        12,
      ),
      behind: 0,
      delays: fast,
      recentDelays: [],
      rate: 0,
    },
    {
      name: "gap",
      isProduced: false,
      counts: streamCounts(nothing, { ...nothing, counts: { stored: 2, expired: 1 } }, null),
      behind: 0,
      rate: 0,
      delays: slow,
      recentDelays: [],
    },
  ],
  gaps: { open: 0, unknown: 0, unrepaired: 0, lost: 0, absent: 0, repaired: 0 },
  audit: {
    ...{ candles: 3, equal_trades: 2, edge: 1, differs: 0, in_gap: 0, without_trades: 4, waiting: 0 },
    ...{ judged_exchange: 5, equal_exchange: 5, repaired: 0, absent: 0 },
  },
  prices: {},
  troubles: [],
  restarts: { Kafka: 1 },
};

Deno.test("the JSON has the contract's fields in the contract's order, and one delay over all streams", () => {
  assert.equal(
    JSON.stringify(toJson({ kind: "file", file: "rec/a.jsonl.gz" }, picture)),
    '{"feed":"rec/a.jsonl.gz","streams":{"kline":{"received":1000,"produced":990,"rejected":1,"dropped":0,' +
      '"merged":9,"duplicate":0,"stored":990,"rows":12},"gap":{"received":0,"produced":0,"rejected":0,"dropped":0,' +
      '"merged":0,"duplicate":0,"stored":2,"rows":null}},"delay_ms":{"p50":0.1,"p99":2020},' +
      '"gaps":{"open":0,"unknown":0,"unrepaired":0,"lost":0,"absent":0,"repaired":0},' +
      '"audit":{"candles":3,"equal_trades":2,"edge":1,"differs":0,"in_gap":0,"without_trades":4,"waiting":0,' +
      '"judged_exchange":5,"equal_exchange":5,"repaired":0,"absent":0},"unsent":0,"restarts":{"Kafka":1}}',
  );
});

Deno.test("a run in which nothing came has no delays", () => {
  const { feed, delay_ms } = toJson({ kind: "simulated" }, {
    streams: [],
    gaps: null,
    audit: null,
    prices: {},
    troubles: [],
    restarts: {},
  });
  assert.deepEqual({ feed, delay_ms }, { feed: "simulated", delay_ms: { p50: null, p99: null } });
});

Deno.test("the sentences leave out what did not happen", () => {
  const idle = { ...picture.streams[1], name: "worker", counts: streamCounts(nothing, nothing, 9) };
  assert.deepEqual(toSentences({ ...picture, streams: [...picture.streams, idle] }), [
    "kline: 1,000 received, 990 produced, 9 merged, 1 rejected, 990 stored; the table has 12 rows",
    "gap: 1 expired, 2 stored; the table has – rows",
    "Gaps in the ledger: none",
    "Candles beside the sums of their trades: 2 equal, 1 with an edge; not compared: 4 without older trades",
    "Candles beside the exchange's own: 5 equal",
    "From receipt to the committed row: 0.1 ms for half of the messages, 2.0 s at most for 99 %",
  ]);
});
