import assert from "node:assert/strict";
import { createLedger } from "./ledger.ts";

const symbols = new Map([["btcusdt@kline_1m", "BTCUSDT"], ["btcusdt@kline_1h", "BTCUSDT"]]);
const [minutes, hours] = [...symbols.keys()];
const ledgerAt = (now: number) => createLedger("kline", symbols, now);
const row = (startedAt: number, endedAt: number, reason: string) => ({
  ...{ stream: "kline", symbol: "BTCUSDT", startedAt, endedAt, reason, dropped: null },
});

Deno.test("a hole lasts from the last message before it to the first after it", () => {
  const ledger = ledgerAt(0);
  for (const time of [10, 20]) assert.equal(ledger.seen(minutes, time), undefined);
  ledger.lost([minutes], "lost connection");
  ledger.lost([minutes], "mute stream");
  assert.deepEqual(ledger.seen(minutes, 30), row(20, 30, "lost connection"));
  assert.equal(ledger.seen(minutes, 40), undefined);
});

Deno.test("a stream of a symbol that went mute is missing until it is back, though another one of the symbol goes on", () => {
  const ledger = ledgerAt(0);
  for (const stream of [minutes, hours]) ledger.seen(stream, 10);
  ledger.lost([hours], "mute stream");
  assert.equal(ledger.seen(minutes, 260), undefined);
  assert.deepEqual(ledger.seen(hours, 60_000), row(10, 60_000, "mute stream"));
});

Deno.test("what was missed before the start is a hole from the newest record on, whichever is known first", () => {
  const ledger = ledgerAt(100);
  ledger.seen(minutes, 110);
  assert.deepEqual(ledger.startedAfter(minutes, 50), row(50, 110, "restart"));
  ledger.lost([hours], "lost connection");
  assert.equal(ledger.startedAfter(hours, 60), undefined);
  assert.deepEqual(ledger.seen(hours, 120), row(60, 120, "restart"));
});

Deno.test("a hole that is open when the worker ends lasts until then, from the subscription on where nothing came", () => {
  const ledger = ledgerAt(100);
  ledger.subscribed([minutes, hours], 105);
  ledger.seen(minutes, 110);
  ledger.lost([minutes, hours, "never subscribed"], "lost connection");
  assert.deepEqual([...ledger.close(200)], [
    [minutes, row(110, 200, "lost connection")],
    [hours, row(105, 200, "lost connection")],
  ]);
  assert.equal(ledger.close(300).size, 0);
});
