import assert from "node:assert/strict";
import { deleteBefore } from "../../tests/retention.ts";
import { silent } from "../../tests/silent.ts";
import { testKafka } from "../../tests/stack.ts";
import { until } from "../../tests/until.ts";
import { createClient } from "./client.ts";
import { type Followed, openKafka } from "./mod.ts";
import { beginningsOf, endsOf } from "./position.ts";
import { withAdmin } from "./with_admin.ts";

/** A topic with so many messages of one key, so all of one partition, and what the tests do with it. */
async function topicOf(count: number) {
  await using parts = new AsyncDisposableStack();
  const { kafka, config } = parts.use(await testKafka());
  const topic = `${config.topicPrefix}t`;
  await kafka.ensureTopics([topic]);
  const send = async (count: number) => {
    await using producer = kafka.producer(topic);
    await producer.send(Array.from({ length: count }, (_, i) => ({ key: "k", value: String(i) })));
  };
  if (count > 0) await send(count);
  const partition = (await kafka.extentOf(topic)).find(({ high }) => high > 0)?.partition ?? 0;
  const kept = parts.move();
  return {
    kafka,
    config,
    topic,
    partition,
    send,
    deleteBefore: (offset: number) => deleteBefore(config, { topic, partition, offset }),
    async makeAnew() {
      await kafka.remove([topic], []);
      await kafka.ensureTopics([topic]);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Collects what comes, until it ends or the test does. */
function collect(followed: AsyncIterable<Followed>) {
  const offsets: number[] = [];
  const lost: unknown[] = [];
  const done = (async () => {
    for await (const one of followed) {
      offsets.push(...one.messages.map(({ offset }) => Number(offset)));
      if (one.lost) lost.push(one.lost);
    }
  })();
  done.catch(() => {});
  return { offsets, lost, done };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const soon = () => AbortSignal.timeout(60_000);

Deno.test("a finite read of a topic that was made anew, and has less now, fails: it does not wait for what never comes", async () => {
  await using test = await topicOf(100);
  const { kafka, topic, partition, send } = test;
  const extent = await kafka.extentOf(topic);
  await test.makeAnew();
  await send(10);
  const read = async (from: number) => {
    await collect(kafka.follow(topic, new Map([[partition, from]]), soon(), endsOf(extent))).done;
  };
  const words = {
    message: /partition \d, up to offset 100 as it ends at 10: it was truncated or made anew$/,
  };
  await assert.rejects(read(0), words);
  await assert.rejects(read(10), words);
  await assert.rejects(read(50), words);
});

Deno.test("an aborted signal ends the reading with its reason: waiting, before it began, and while no broker answers", async () => {
  await using test = await topicOf(1);
  const { kafka, topic, config } = test;
  const stop = new AbortController();
  const away = openKafka({ ...config, brokers: ["127.0.0.1:1"] }, silent);
  const waiting = [kafka, away].map((one) => collect(one.follow(topic, "beginning", stop.signal)));
  await until("the message", () => waiting[0].offsets.length === 1);
  stop.abort(new Error("of a test"));
  for (const { done } of waiting) await assert.rejects(done, { message: "of a test" });
  await assert.rejects(collect(kafka.follow(topic, "beginning", stop.signal)).done, { message: "of a test" });
});

Deno.test("what Kafka deleted before it was read is told, at the beginning and later, and the rest is read", async () => {
  await using test = await topicOf(100);
  const { kafka, topic, partition, send } = test;
  await test.deleteBefore(60);
  const stop = new AbortController();
  const messages = kafka.follow(topic, new Map([[partition, 10]]), stop.signal);
  const first = (await messages.next()).value!;
  assert.deepEqual(first, { partition, messages: [], lost: { partition, from: 10, to: 60 } });
  const second = (await messages.next()).value!;
  assert.deepEqual(second.messages.map(({ offset }: { offset: string }) => Number(offset)), range(60, 100));
  await send(50);
  await test.deleteBefore(130);
  const { offsets, lost, done } = collect(messages);
  await until("the rest", () => offsets.length === 20);
  assert.deepEqual([offsets, lost], [range(130, 150), [{ partition, from: 100, to: 130 }]]);
  stop.abort();
  await assert.rejects(done, { name: "AbortError" });
});

Deno.test("a finite read ends though Kafka has deleted all that was wanted", async () => {
  await using test = await topicOf(100);
  const { kafka, topic } = test;
  const extent = await kafka.extentOf(topic);
  await test.deleteBefore(100);
  const { offsets, lost, done } = collect(kafka.follow(topic, beginningsOf(extent), soon(), endsOf(extent)));
  await done;
  assert.deepEqual([offsets, lost.length], [[], 1]);
});

Deno.test("a topic that is made anew while it is followed is read from its beginning", async () => {
  await using test = await topicOf(100);
  const { offsets } = collect(test.kafka.follow(test.topic, "beginning", soon()));
  await until("100 messages", () => offsets.length === 100);
  await test.makeAnew();
  await test.send(7);
  await until("the new ones", () => offsets.length === 107);
  assert.deepEqual(offsets, [...range(0, 100), ...range(0, 7)]);
});

Deno.test("the end is followed without what was there before", async () => {
  await using test = await topicOf(10);
  const messages = test.kafka.follow(test.topic, "end", soon());
  let isThere = false;
  const next = messages.next().finally(() => isThere = true);
  await until("a message", async () => {
    await test.send(1);
    return isThere;
  });
  assert.ok(Number((await next).value!.messages[0].offset) >= 10);
  await messages.return(undefined);
});

Deno.test("what is wanted is read once, in order, up to the given ends, and no group is left on the brokers", async () => {
  await using test = await topicOf(0);
  const { kafka, topic, config } = test;
  await using producer = kafka.producer(topic);
  for (let n = 0; n < 20; n++) {
    await producer.send(range(0, 500).map((key) => ({ key: String(key), value: "x".repeat(500) })));
  }
  const extent = await kafka.extentOf(topic);
  const ends = new Map(extent.map(({ partition, high }) => [partition, high - 3]));
  await producer.send([{ key: "more", value: "v" }]);
  const read = new Map<number, number[]>();
  for await (const { partition, messages } of kafka.follow(topic, beginningsOf(extent), soon(), ends)) {
    const offsets = messages.map(({ offset }) => Number(offset));
    read.set(partition, [...read.get(partition) ?? [], ...offsets]);
  }
  assert.equal(read.size, 4);
  for (const [partition, end] of ends) assert.deepEqual(read.get(partition), range(0, end));
  const { groups } = await withAdmin(createClient(config, silent), (admin) => admin.listGroups());
  assert.deepEqual(groups.filter(({ groupId }) => groupId.includes(config.topicPrefix)), []);
});
