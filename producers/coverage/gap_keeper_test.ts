import assert from "node:assert/strict";
import { silent } from "../../tests/silent.ts";
import { sleep } from "../../shared/wait.ts";
import type { Gap } from "../../shared/streams/gap.ts";
import { book } from "../../shared/streams/book.ts";
import { sampleOf } from "../../tests/faults/sample.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import { createBuffer } from "../../shared/outlet/buffer.ts";
import { createLog } from "../../shared/log.ts";
import { createGapKeeper } from "./gap_keeper.ts";
import type { OtherProducers } from "./other_producers.ts";

const entryOf = (message: { symbol: string }): Outgoing => ({
  key: message.symbol,
  value: JSON.stringify(message),
});
const nobodyElse: Pick<OtherProducers, "mark" | "silenceIn"> = {
  mark: () => ({ at: 0, end: Promise.resolve(0), settled: 0 }),
  silenceIn: ({ from, to }) => Promise.resolve({ from, to, times: new Map() }),
};
const symbols = new Map([["btcusdt@bookTicker", "BTCUSDT"]]);

Deno.test("what a buffer that never has room drops is told every few seconds, and counted exactly", async () => {
  await inFastTime(async () => {
    let dropped = 0;
    const told = new Map<number, number>();
    const push = ({ value }: Outgoing) => {
      const { startedAt, dropped }: Gap = JSON.parse(String(value));
      told.set(startedAt, dropped!);
    };
    const buffer = createBuffer(3_000, {
      onMerged() {},
      onDropped({ key }) {
        dropped++;
        keeper.dropped(String(key), Date.now());
      },
    });
    const keeper = createGapKeeper("book", symbols, () => buffer.hasRoom, { push }, nobodyElse, silent);
    const message = entryOf({ ...sampleOf(book), symbol: "BTCUSDT" });
    // A Kafka that takes one message of ten.
    for (let second = 0; second < 60; second++, await sleep(1_000)) {
      for (let n = 0; n < 10; n++) buffer.push(message);
      keeper.sending(await buffer.take(600, new AbortController().signal));
      buffer.settle();
      const untold = dropped - [...told.values()].reduce((sum, count) => sum + count, 0);
      assert.ok(untold >= 0 && untold <= 7 * 10, `${untold} of ${dropped} untold in second ${second}`);
      keeper.flush();
    }
    assert.ok(dropped > 500);
  });
});

/** A keeper with what it tells: the gaps, and the lines of its log. */
function keeperOf(names: readonly string[]) {
  const gaps: Gap[] = [];
  const lines: string[] = [];
  const symbols = new Map(names.map((name) => [name, name.slice(0, name.indexOf("@")).toUpperCase()]));
  const push = ({ value }: Outgoing) => void gaps.push(JSON.parse(String(value)));
  const log = createLog("test", "info", (line) => lines.push(line));
  return {
    gaps,
    lines,
    keeper: createGapKeeper("book", symbols, () => true, { push }, nobodyElse, log),
  };
}
const since = nobodyElse.mark();
const hour = 3_600_000;

Deno.test("a gap of years between two recordings is none: no worker can have been away for so long", async () => {
  const { gaps, keeper } = keeperOf(["a@bookTicker"]);
  keeper.startedAfter(new Map([["a@bookTicker", Date.UTC(2021, 6, 22)]]), since, 60_000);
  keeper.seen("a@bookTicker", Date.UTC(2026, 10, 1));
  await keeper.close();
  assert.deepEqual(gaps, []);
});

Deno.test("an outage of an hour before the start is a gap", async () => {
  const { gaps, keeper } = keeperOf(["a@bookTicker"]);
  const now = Date.now();
  keeper.startedAfter(new Map([["a@bookTicker", now - hour]]), since, hour);
  keeper.seen("a@bookTicker", now);
  await keeper.close();
  assert.deepEqual(gaps.map(({ startedAt, endedAt, reason }) => [startedAt, endedAt, reason]), [
    [now - hour, now, "restart"],
  ]);
});

Deno.test("a topic without records of a stream covers none of it, and a stream that was never subscribed loses nothing", async () => {
  const { gaps, keeper } = keeperOf(["a@bookTicker", "unknown@bookTicker"]);
  keeper.startedAfter(new Map(), since, 0);
  keeper.seen("a@bookTicker", 1_000);
  keeper.lost(["a@bookTicker", "unknown@bookTicker"], "lost connection");
  keeper.seen("a@bookTicker", 2_000);
  await keeper.close();
  assert.deepEqual(gaps.map(({ symbol }) => symbol), ["A"]);
});

Deno.test("a hole that ends when it began is no gap, but one message that was dropped is", async () => {
  const { gaps, keeper } = keeperOf(["a@bookTicker"]);
  keeper.seen("a@bookTicker", 1_000);
  keeper.lost(["a@bookTicker"], "lost connection");
  keeper.seen("a@bookTicker", 1_000);
  keeper.dropped("A", 3_000);
  keeper.flush();
  await keeper.close();
  assert.deepEqual(gaps.map(({ reason, dropped }) => [reason, dropped]), [["buffer overflow", 1]]);
});

Deno.test("an outage of ten symbols is one line of the log, which says that they are ten", async () => {
  const names = Array.from({ length: 10 }, (_, n) => `coin${n}usdt@bookTicker`);
  const { gaps, lines, keeper } = keeperOf(names);
  for (const name of names) keeper.seen(name, 1_000);
  keeper.lost(names, "lost connection");
  for (const [n, name] of names.entries()) keeper.seen(name, 2_000 + n);
  await keeper.close();
  assert.equal(gaps.length, 10);
  assert.equal(lines.length, 1);
  assert.match(
    lines[0],
    /gaps are recorded reason="lost connection" symbols=10 from=1970\S+01.000Z to=1970\S+02.009Z/,
  );
});
