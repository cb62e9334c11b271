import assert from "node:assert/strict";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createPutOff } from "./put_off.ts";
import type { Range } from "./ranges.ts";

const rangeOf = (symbol: string, last: number): Range => ({
  ...{
    stream: "trade",
    feed: `${symbol.toLowerCase()}@aggTrade`,
    symbol,
    first: last - 9,
    last,
    positions: 10,
  },
  ...{ startsAt: 0, finalAt: 0, reachEndsAt: Infinity },
});
const [one, other, eth] = [rangeOf("BTCUSDT", 100), rangeOf("BTCUSDT", 50), rangeOf("ETHUSDT", 100)];

Deno.test("a range that can't be used does not keep others of its feed waiting; a feed that is refused is put off as a whole", async () => {
  await inFastTime(async () => {
    const putOff = createPutOff();
    putOff.add(one, false);
    assert.deepEqual([one, other, eth].map(putOff.has), [true, false, false]);
    assert.deepEqual(putOff.feeds(), ["trade btcusdt@aggTrade"]);
    assert.ok(putOff.has({ ...one, first: 95 }), "a part of it");
    putOff.add(eth, true);
    assert.ok(putOff.has(rangeOf("ETHUSDT", 20)));
    putOff.delete(other);
    assert.deepEqual([one, eth].map(putOff.has), [true, true]);
    putOff.delete(one);
    assert.deepEqual(putOff.feeds(), ["trade ethusdt@aggTrade"]);
    await sleep(30_000);
    assert.deepEqual([putOff.has(eth), putOff.feeds()], [false, []]);
    assert.deepEqual([one, eth].map(putOff.wasOff), [false, true]);
  });
});

Deno.test("what can't be used for long is asked for twice as late each time, every five minutes at last, and anew once it was forgotten", async () => {
  await inFastTime(async () => {
    const putOff = createPutOff();
    for (const seconds of [30, 60, 120, 240, 300, 300]) {
      putOff.add(one, false);
      await sleep(seconds * 1_000 - 1);
      assert.ok(putOff.has(one), `${seconds}`);
      await sleep(1);
      assert.ok(!putOff.has(one), `${seconds}`);
      putOff.feeds();
    }
    await sleep(300_001);
    putOff.feeds();
    putOff.add(one, false);
    await sleep(30_000);
    assert.ok(!putOff.has(one));
  });
});
