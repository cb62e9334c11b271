import assert from "node:assert/strict";
import { silent } from "../../tests/silent.ts";
import type { Incoming, Kafka } from "../../shared/kafka/mod.ts";
import type { Gap } from "../../shared/streams/gap.ts";
import { book } from "../../shared/streams/book.ts";
import { sleep } from "../../shared/wait.ts";
import { sampleOf } from "../../tests/faults/sample.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createGapKeeper } from "./gap_keeper.ts";
import { newestTimes } from "./newest.ts";
import { createOtherProducers } from "./other_producers.ts";

const hour = 3_600_000;
const [name, other] = ["btcusdt@bookTicker", "ethusdt@bookTicker"];
const symbols = new Map([[name, "BTCUSDT"], [other, "ETHUSDT"]]);
const sample = sampleOf(book);
type Records = { value: Uint8Array }[];
const put = (records: Records, message: unknown) =>
  void records.push({ value: new TextEncoder().encode(JSON.stringify(message)) });

/** A topic of one partition that is acked at once; where it ends is told after `away`. */
const kafkaOf = (records: Records, away: () => Promise<void>): Pick<Kafka, "extentOf" | "readTail"> => ({
  extentOf: () => away().then(() => [{ partition: 0, low: 0, high: records.length }]),
  readTail: (_, [{ high }], most) =>
    Promise.resolve(records.slice(Math.max(0, high - most), high) as (Incoming & { partition: number })[]),
});

/** A producer's part that keeps account of gaps; the market is given to it by `hear`. */
function producerOn(records: Records) {
  const told: Gap[] = [];
  let away = () => Promise.resolve();
  const kafka = kafkaOf(records, () => away());
  const { signal } = new AbortController();
  const others = createOtherProducers(kafka, "t", book, signal);
  const keeper = createGapKeeper(
    "book",
    symbols,
    () => true,
    {
      push: ({ value }) => void told.push(JSON.parse(String(value))),
    },
    others,
    silent,
  );
  const unreceived = new Set<string>();
  return {
    /** Has not been started yet. */
    off: () => [...symbols.keys()].forEach((stream) => unreceived.add(stream)),
    hear(stream: string) {
      if (unreceived.has(stream)) return;
      put(records, { ...sample, symbol: symbols.get(stream), eventTime: Date.now() });
      others.sending(1);
      others.sent();
      keeper.seen(stream, Date.now());
    },
    /** Receives nothing on these streams for `ms`. */
    async lose(ms: number, streams = [name, other]) {
      for (const stream of streams) unreceived.add(stream);
      keeper.lost(streams, streams.length === 2 ? "lost connection" : "mute stream");
      await sleep(ms);
      for (const stream of streams) unreceived.delete(stream);
    },
    /** Is cut off from the exchange and Kafka for so long; what Kafka is asked meanwhile fails, or is answered a little after the end. */
    async loseAll(ms: number, isAnswered: boolean) {
      const answered = sleep(ms + 500);
      away = () => isAnswered ? answered : Promise.reject(new Error("away"));
      await this.lose(ms);
      away = () => Promise.resolve();
    },
    /** Has a Kafka that takes so long to tell how far a topic has come. */
    slowDown: (ms: number) => away = () => sleep(ms),
    /** Attempts to send `count` messages, without success. */
    failToSend: (count: number) => others.sending(count),
    async start() {
      const since = others.mark();
      const extent = await kafka.extentOf("t");
      unreceived.clear();
      const { times, receivedAt } = await newestTimes(kafka, "t", extent, book, [...symbols.keys()], {
        ...{ signal, log: silent, kind: "kafka" },
      });
      keeper.startedAfter(times, since, Date.now() - receivedAt);
    },
    /** How many gaps it has told. */
    get told() {
      return told.length;
    },
    /** The gaps that it told, in ms from `start`. */
    gaps(start: number) {
      return told.map(({ symbol, startedAt, endedAt }) => ({
        ...{ symbol, from: startedAt - start, to: endedAt - start },
      }));
    },
  };
}
type Part = ReturnType<typeof producerOn>;

/** Plays a market of 10 ms a message and stream to two producers; returns the gaps that each tells. */
function play(
  script: (a: Part, b: Part, records: Records) => Promise<unknown>,
  before = (_a: Part, _b: Part, _records: Records) => {},
) {
  return inFastTime(async () => {
    const records: Records = [];
    const [a, b] = [producerOn(records), producerOn(records)];
    before(a, b, records);
    let isOver = false;
    const market = async () => {
      for (; !isOver; await sleep(10)) {
        for (const stream of symbols.keys()) for (const part of [a, b]) part.hear(stream);
      }
    };
    const playing = market();
    await sleep(2_000);
    const start = Date.now();
    await script(a, b, records);
    await sleep(5_000);
    isOver = true;
    await playing;
    return [a.gaps(start), b.gaps(start)];
  });
}
/** What each symbol misses of a span, give or take one message. */
function assertMissed(gaps: { symbol: string; from: number; to: number }[], from: number, to: number) {
  assert.deepEqual(new Set(gaps.map(({ symbol }) => symbol)), new Set(["BTCUSDT", "ETHUSDT"]));
  for (const gap of gaps) {
    assert.ok(Math.abs(gap.from - from) <= 20 && Math.abs(gap.to - to) <= 20, JSON.stringify(gaps));
  }
}

Deno.test("what one producer missed and the other received is no gap, however short or long", async () => {
  for (const ms of [200, 2_500, 60_000]) {
    assert.deepEqual(await play((a) => a.lose(ms)), [[], []]);
  }
});

Deno.test("what a producer missed that was cut off from Kafka as well is no gap where the other received it", async () => {
  for (const isAnswered of [false, true]) {
    assert.deepEqual(await play((a) => a.loseAll(40_000, isAnswered)), [[], []]);
  }
});

Deno.test("a producer that failed to send for long still knows of the other one", async () => {
  const [a] = await play(async (a) => {
    a.failToSend(100_000);
    await sleep(1_000);
    for (let n = 0; n < 3; n++, await sleep(3_000)) await a.lose(1_000);
  });
  assert.deepEqual(a, []);
});

Deno.test("a second producer whose connection is lost later has covered what came before, however slowly Kafka answers", async () => {
  const gaps = await play(async (a, b) => {
    for (const part of [a, b]) part.slowDown(800);
    await Promise.all([a.lose(300), sleep(500).then(() => b.lose(2_100))]);
    await sleep(5_000);
  });
  assert.deepEqual(gaps, [[], []]);
});

Deno.test("a single producer records what it missed soon after it is back, before it may be killed", async () => {
  let told = 0;
  const [a] = await play(async (a, b) => {
    b.off();
    await a.lose(5_000);
    await sleep(600);
    told = a.told;
  });
  assertMissed(a, 0, 5_000);
  assert.equal(told, a.length);
});

Deno.test("what both missed together is recorded, until the first of them is back", async () => {
  for (const ms of [200, 1_500, 10_000]) {
    const [a, b] = await play((a, b) => Promise.all([a.lose(ms), b.lose(ms + 700)]));
    assertMissed(a, 0, ms);
    if (b.length > 0) assertMissed(b, 0, ms);
  }
});

Deno.test("of two outages that overlap the common part is recorded", async () => {
  const late = async (part: Part) => {
    await sleep(2_000);
    await part.lose(3_000);
  };
  const [a, b] = await play((a, b) => Promise.all([a.lose(3_500), late(b)]));
  assertMissed(a, 2_000, 3_500);
  assert.deepEqual(b.filter(({ from, to }) => from < 1_980 || to > 3_520), []);
});

Deno.test("a second producer that is lost a moment later is noticed, even if messages are on their way when the first is back", async () => {
  const [a] = await play((a, b) => {
    const lost = [a.lose(3_000), sleep(60).then(() => b.lose(4_000))];
    a.failToSend(30);
    return Promise.all(lost);
  });
  assertMissed(a, 60, 3_000);
});

Deno.test("a stream that is mute for both is recorded, though the others go on", async () => {
  const [a] = await play((a, b) => Promise.all([a.lose(4_000, [other]), b.lose(5_000, [other])]));
  assert.deepEqual(a.map(({ symbol }) => symbol), ["ETHUSDT"]);
});

Deno.test("of two producers that start together after an hour one at least records the hour", async () => {
  const gaps = await play((a, b) => Promise.all([a.start(), b.start()]), (a, b, records) => {
    for (const part of [a, b]) part.off();
    for (const symbol of symbols.values()) put(records, { ...sample, symbol, eventTime: Date.now() - hour });
  });
  assertMissed(gaps.flat(), -hour - 2_000, 0);
});

Deno.test("a producer that starts beside another one records nothing", async () => {
  const [a] = await play((a) => a.start(), (a) => a.off());
  assert.deepEqual(a, []);
});

Deno.test("a lone producer that was away for a moment records that, though messages were on their way at its start", async () => {
  const [a] = await play(
    async (a, _b, records) => {
      const now = Date.now();
      for (const symbol of symbols.values()) put(records, { ...sample, symbol, eventTime: now - 300 });
      a.failToSend(4);
      const started = a.start();
      await sleep(1);
      for (let n = 0; n < 4; n++) put(records, { ...sample, symbol: "BTCUSDT", eventTime: now + n });
      await started;
    },
    (a, b) => [a, b].forEach((part) => part.off()),
  );
  assertMissed(a, -300, 0);
});

Deno.test("a pipeline of another kind that fills the topic covers nothing", async () => {
  const { receivedAt: _, ...legacy } = sample;
  const [a] = await play(async (a, b, records) => {
    b.lose(hour);
    await sleep(5_000);
    const lost = a.lose(1_000);
    for (let n = 0; n < 600; n++, await sleep(10)) put(records, { ...legacy, symbol: "BTCUSDT" });
    await lost;
  });
  assertMissed(a, 5_000, 6_000);
});
