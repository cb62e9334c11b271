import assert from "node:assert/strict";
import fc from "fast-check";
import kafkajs from "kafkajs";
import { silent } from "../../tests/silent.ts";
import { testKafka } from "../../tests/stack.ts";
import { readAll } from "../../tests/read_all.ts";
import { until } from "../../tests/until.ts";
import { createLog } from "../log.ts";
import { retryForever } from "../retry.ts";
import { type Batch, type Incoming, kafkaFault, openKafka, type Outgoing } from "./mod.ts";

const utf8 = new TextEncoder();
const bytesOf = (value: Outgoing["key"]) =>
  value === null ? null : typeof value === "string" ? utf8.encode(value) : value;
const plain = (value: Uint8Array | null) => value && [...value];

Deno.test("topics are made once, by however many workers at once, and what is not there is passed over in removing", async () => {
  await using test = await testKafka();
  const { kafka, config } = test;
  const topics = ["a", "b"].map((name) => config.topicPrefix + name);
  await Promise.all(Array.from({ length: 5 }, () => kafka.ensureTopics(topics)));
  await kafka.ensureTopics(topics);
  const own = async () =>
    (await kafka.listTopics()).filter((topic) => topic.startsWith(config.topicPrefix)).sort();
  assert.deepEqual(await own(), topics);
  assert.equal((await kafka.extentOf(topics[0])).length, 4);
  // A broker that has just started refuses to speak of groups for a moment.
  const retry = { log: silent, kind: "kafka" as const, signal: AbortSignal.timeout(60_000) };
  await retryForever(() => kafka.remove([topics[0], "never-there"], ["no-such-group"]), retry);
  await until("the topic to be gone", async () => (await own()).length === 1);
});

Deno.test("a producer says that Kafka has lost what it had acked, once its topic was made anew", async () => {
  await using test = await testKafka();
  const topic = `${test.config.topicPrefix}anew`;
  const lines: string[] = [];
  const kafka = openKafka(test.config, createLog("test", "warn", (line) => void lines.push(line)));
  const retry = { log: silent, kind: "kafka" as const, signal: AbortSignal.timeout(60_000) };
  await using producer = kafka.producer(topic);
  const send = async () => {
    await retryForever(() => kafka.ensureTopics([topic]), retry);
    await retryForever(() => producer.send([{ key: "a", value: "1" }, { key: "a", value: "2" }]), retry);
  };
  await send();
  await send();
  const ofLoss = () => lines.filter((line) => line.includes("Kafka has lost messages that it had acked"));
  assert.deepEqual(ofLoss(), []);
  await retryForever(() => kafka.remove([topic], []), retry);
  await until("the topic to be gone", async () => !(await kafka.listTopics()).includes(topic));
  await send();
  assert.match(ofLoss().join(), new RegExp(`topic=${topic} partition=\\d acked=4 now=0`));
});

/** A topic that its broker compresses so, with these values; returns what is read of it. */
async function readCompressed(type: string, values: string[]): Promise<string[]> {
  await using test = await testKafka();
  const { kafka, config } = test;
  const topic = `${config.topicPrefix}compressed`;
  const admin = new kafkajs.Kafka({ brokers: [...config.brokers], logLevel: kafkajs.logLevel.NOTHING })
    .admin();
  const configEntries = [{ name: "compression.type", value: type }];
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: false });
  await admin.disconnect();
  await until("the topic to be led", () => kafka.extentOf(topic).then(() => true, () => false));
  await using producer = kafka.producer(topic);
  for (const value of values) await producer.send([{ key: "a", value }]);
  const read = await readAll(kafka, topic);
  return read.map(({ value }) => new TextDecoder().decode(value!));
}

Deno.test("what a broker has compressed is read, in whichever way", async () => {
  const noise = Array.from({ length: 20_000 }, (_, i) => Math.sin(i)).join();
  const values = ["1", "2".repeat(500_000), noise, "3"];
  for (const type of ["gzip", "snappy", "lz4", "zstd", "uncompressed"]) {
    assert.deepEqual(await readCompressed(type, values), values, type);
  }
});

Deno.test("keys, values and headers come back as they were sent, in the order of each key", async () => {
  await using test = await testKafka();
  const { kafka, config } = test;
  const topic = `${config.topicPrefix}round-trip`;
  await kafka.ensureTopics([topic]);
  const key = fc.option(
    fc.oneof(fc.constantFrom("BTCUSDT", "币安人生USDT"), fc.uint8Array({ maxLength: 20 })),
  );
  const value = fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array({ maxLength: 2_000 }));
  const headers = fc.option(
    fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ unit: "grapheme" })),
    { nil: undefined },
  );
  const sent: Outgoing[] = fc.sample(fc.record({ key, value, headers }, { noNullPrototype: true }), 500);

  await using producer = kafka.producer(topic);
  for (let at = 0; at < sent.length; at += 50) {
    await producer.send(sent.slice(at, at + 50));
  }
  const read = await readAll(kafka, topic);
  const byKey = (all: { key: unknown; value: unknown; headers: unknown }[]) =>
    Map.groupBy(all.map((one) => JSON.stringify(one)), (text) => JSON.stringify(JSON.parse(text).key));
  const text = (header: unknown) => header instanceof Uint8Array ? new TextDecoder().decode(header) : header;
  const shownHeaders = (all: Incoming["headers"] | Outgoing["headers"]) =>
    Object.entries(all ?? {}).map(([name, header]) => [name, text(header)]).sort();
  const shown = (
    key: Outgoing["key"],
    value: Outgoing["value"] | null,
    headers: Parameters<typeof shownHeaders>[0],
  ) => ({
    key: plain(bytesOf(key)),
    value: plain(bytesOf(value)),
    headers: shownHeaders(headers),
  });
  const expected = byKey(sent.map(({ key, value, headers }) => shown(key, value, headers)));
  const got = byKey(read.map(({ key, value, headers }) => shown(key, value, headers)));
  // Messages without a key have no order among partitions.
  expected.get("null")?.sort();
  got.get("null")?.sort();
  assert.deepEqual(got, expected);
});

Deno.test("what is not committed is read again, what is committed is not, and what is behind is counted", async () => {
  await using test = await testKafka();
  const { kafka, config } = test;
  const topic = `${config.topicPrefix}offsets`;
  const group = `${config.topicPrefix}group`;
  await kafka.ensureTopics([topic]);
  assert.equal(await kafka.messagesBehind(group, `${topic}-not-there`), 0);
  await using producer = kafka.producer(topic);
  const send = (from: number, count: number) =>
    producer.send(Array.from({ length: count }, (_, i) => ({ key: "k", value: String(from + i) })));
  await send(0, 100);
  assert.equal(await kafka.messagesBehind(group, topic), 100);
  // All are of one partition.
  const parts = await Promise.all([0, 1, 2, 3].map((one) => kafka.messagesBehind(group, topic, [one])));
  assert.deepEqual(parts.sort((a, b) => a - b), [0, 0, 0, 100]);

  /** Reads until that many messages came, commits up to an offset, and leaves; returns the numbers that were read. */
  const read = async (count: number, commit?: number) => {
    const batches: Batch[] = [];
    await using consumer = await kafka.subscribe({
      topic,
      group,
      onBatch: (batch) => Promise.resolve(void batches.push(batch)),
      onJoin: () => batches.splice(0),
      onLost: () => assert.fail(),
    });
    const numbers = () =>
      batches.flatMap(({ messages }) => [...messages]).map(({ value }) =>
        Number(new TextDecoder().decode(value!))
      );
    await Promise.race([until(`${count} messages`, () => numbers().length >= count), consumer.failed]);
    const [{ partition }] = batches;
    if (commit !== undefined) await consumer.commit([{ topic, partition, offset: String(commit) }]);
    return numbers();
  };
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  assert.deepEqual(await read(100), range(0, 100));
  assert.deepEqual(await read(100, 60), range(0, 100));
  assert.equal(await kafka.messagesBehind(group, topic), 40);
  await send(100, 10);
  assert.deepEqual(await read(50, 110), range(60, 110));
  assert.equal(await kafka.messagesBehind(group, topic), 0);
});

Deno.test("a fault is told with the brokers it concerns and, where it can be known, what to look at", () => {
  const config = { brokers: ["a:1", "b:2"], ssl: false, topicPrefix: "", groupId: "g" };
  const wrapped = (message: string) => new Error("retries exceeded", { cause: new Error(message) });
  assert.equal(
    kafkaFault(config, wrapped("connect ECONNREFUSED")),
    "Cannot reach Kafka at a:1,b:2: connect ECONNREFUSED",
  );
  assert.equal(
    kafkaFault(config, wrapped("Closed connection")),
    "Kafka at a:1,b:2 closed the connection: it may want TLS (KAFKA_SSL=true)",
  );
  assert.match(kafkaFault({ ...config, ssl: true }, wrapped("Closed connection")), /it may want no TLS/);
  assert.match(
    kafkaFault(config, wrapped("SASL PLAIN authentication failed")),
    /^Kafka at a:1,b:2 refuses KAFKA_API_KEY and KAFKA_SECRET_KEY: SASL PLAIN/,
  );
  const answer = (message: string, retriable: boolean) =>
    new kafkajs.KafkaJSProtocolError(Object.assign(new Error(message), { retriable }));
  assert.equal(
    kafkaFault(config, answer("The coordinator is loading", true)),
    "Kafka at a:1,b:2 is not ready yet: The coordinator is loading",
  );
  assert.equal(
    kafkaFault(config, answer("Not authorized to access topics", false)),
    "Kafka at a:1,b:2 refuses: Not authorized to access topics",
  );
});
