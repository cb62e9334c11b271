import assert from "node:assert/strict";
import { type Exchange, startExchange } from "../local/exchange/server.ts";
import type { SimulatedFeed } from "../local/exchange/feed.ts";
import { deadLetterTopic } from "../shared/kafka/mod.ts";
import { pipeline } from "./pipeline.ts";
import { compareWithTruth } from "./truth.ts";
import { readAll } from "./read_all.ts";
import { until } from "./until.ts";

const feed: SimulatedFeed = {
  kind: "simulated",
  symbols: ["BTCUSDT", "ETHUSDT"],
  intervals: ["1m"],
  rate: 500,
  seed: 1,
  startTime: Date.UTC(2026, 9, 1),
  messages: 3_000,
};
const right = { lost: 0, doubled: 0, wrong: 0, samples: [] };

Deno.test("more than 200 feeds are divided among connections, and all of them arrive", async () => {
  const symbols = Array.from({ length: 250 }, (_, i) => `COIN${i}USDT`);
  await using line = await pipeline(["kline"], { ...feed, symbols, messages: 20_000, rate: 200 });
  await using exchange = await line.play();
  const streams = exchange.status().connections.map(({ streams }) => streams.length);
  assert.deepEqual(streams.toSorted(), [200, 50]);
  const { expected, stored, ...faults } = await compareWithTruth(line.sql, "kline_data", exchange.truth(), {
    eventTime: 9,
  });
  assert.deepEqual([faults, stored], [right, expected]);
  assert.ok(expected >= 250);
});

Deno.test("a producer connects again to an exchange that was restarted, and continues", async () => {
  await using line = await pipeline(["book"], feed);
  const report = () => line.workers["book:produce"].report();
  const first = await line.play();
  await first[Symbol.asyncDispose]();
  await until("the producer to miss the exchange", async () => (await report())?.status === "waiting");
  assert.match((await report())!.waiting!, /exchange/);

  await using second = await line.play();
  const { status, counts } = (await report())!;
  const sent = second.status().playedByKind.bookTicker;
  assert.deepEqual([status, counts.received, counts.produced], ["ok", 2 * sent, 2 * sent]);
});

Deno.test("on SIGTERM a producer sends all that it has received, also where one wish to stop comes as two signals", async () => {
  await using line = await pipeline(["book"], { ...feed, messages: undefined });
  const producer = line.workers["book:produce"];
  await using _exchange = await endlessly(line.env, { ...feed, messages: undefined, rate: 5_000 });
  await until("much to be received", async () => ((await producer.report())?.counts.received ?? 0) > 5_000);
  // A worker that has not finished within 10 s ends itself, with another code.
  producer.kill("SIGINT");
  assert.equal((await producer.kill("SIGTERM")).code, 0);
  const said = await producer.says(/stopped received=/);
  const [, received, produced] = /received=(\d+) produced=(\d+)/.exec(said)!.map(Number);
  assert.equal(produced, received);
  const stored = async () => (await line.workers["book:consume"].report())!.counts.stored;
  await until("as many to be stored", async () => await stored() === produced);
});

/** Plays a feed in its own time on the exchange that the workers want. */
async function endlessly(env: Record<string, string>, feed: SimulatedFeed): Promise<Exchange> {
  return await startExchange({ feed, port: Number(new URL(env.BINANCE_WS_URL).port) });
}

Deno.test("frames that can't be decoded go to the dead-letter topic, and the frames beside them are stored", async () => {
  await using line = await pipeline(["book"], feed);
  await using exchange = await line.play((exchange) => {
    exchange.inject({ fault: "garbage", frames: 20, every: 10 });
    exchange.inject({ fault: "truncated", frames: 20, every: 7 });
  });
  const { expected, stored, ...faults } = await compareWithTruth(
    line.sql,
    "order_book_data",
    exchange.truth(),
    { eventTime: 9 },
  );
  assert.deepEqual([faults, stored], [right, expected]);
  const { counts } = (await line.workers["book:produce"].report())!;
  assert.deepEqual([counts.rejected, counts.received], [40, expected + 40]);
  const topic = deadLetterTopic(line.topic("book"));
  const letters = await readAll(line.kafka, topic);
  assert.equal(letters.length, 40);
  for (const { headers } of letters) assert.equal(String(headers!["bookline-source"]), "exchange");
});
