import assert from "node:assert/strict";
import { type Events, kindOf } from "./event.ts";
import { eventsOf, type ReplayedFeed, type SimulatedFeed } from "./feed.ts";
import { recordingTest } from "./test_recording.ts";

/** How many events there are of each kind. */
async function counts(events: Events): Promise<Record<string, number>> {
  const kinds = (await Array.fromAsync(events)).map(({ stream }) => kindOf(stream));
  return Object.fromEntries([...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]));
}

Deno.test("a simulated feed ends after so many messages, and is the same each time", async () => {
  const feed: SimulatedFeed = {
    ...{ kind: "simulated", symbols: ["BTCUSDT"], intervals: ["1m"], rate: 100, seed: 3 },
    messages: 2_000,
  };
  const [first, again] = await Promise.all(
    [1, 2].map(() => Array.fromAsync(eventsOf(feed, 1_790_000_000_000))),
  );
  assert.equal(first.length, 2_000);
  assert.deepEqual(first, again);
  assert.ok((await counts(first)).aggTrade > 100);
});

recordingTest(
  "a recording's trades are aggregated only if that is asked for",
  "usdm_trade_2024-08-08.jsonl.gz",
  async (file) => {
    const feed: ReplayedFeed = { kind: "replayed", file, symbols: ["BTCUSDT"] };
    const recorded = await counts(eventsOf(feed, 0));
    assert.deepEqual(Object.keys(recorded), ["trade"]);
    const { trade, aggTrade } = await counts(eventsOf({ ...feed, aggTrades: "cut" }, 0));
    assert.equal(trade, recorded.trade);
    assert.ok(aggTrade > 1_000 && aggTrade < trade / 2, `${aggTrade}`);
  },
);
