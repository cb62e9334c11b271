/** Tests that what Kafka loses before it is stored becomes gaps, with a real consumer, Kafka and database. */
import assert from "node:assert/strict";
import { groupName } from "../shared/kafka/mod.ts";
import { readConfig } from "../shared/config/config.ts";
import { book } from "../shared/streams/book.ts";
import { type Backlog, backlogOf, ticks } from "./backlog.ts";
import { commitWithoutMember } from "./commits.ts";
import { keepGaps } from "./coverage.ts";
import { createClient } from "../shared/kafka/client.ts";
import { withAdmin } from "../shared/kafka/with_admin.ts";
import { silent } from "./silent.ts";
import { until } from "./until.ts";

/** The event time of a message, which is a ms later than its transaction time. */
const eventTime = (updateId: number) => Date.UTC(2026, 9, 1) + updateId + 1;
const symbols = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT"];
const ofSymbol = (symbol: string, first: number, count: number) =>
  ticks(first, 4 * count).filter(({ key }) => key === symbol);
const btc = (first: number, count: number) => ofSymbol("BTCUSDT", first, count);

/** A backlog of ticks whose producer says that it covered all of them. */
async function coveredBacklog() {
  const backlog = await backlogOf(book);
  for (const symbol of symbols) {
    await backlog.sql`
      insert into websocket.coverage_data
        (session, producer, feed, symbol, stream, covered_from, covered_to, version, reason)
      values ('a/1', 'a', ${`${symbol.toLowerCase()}@bookTicker`}, ${symbol}, 'book', ${new Date(
      eventTime(0),
    )},
        ${new Date(eventTime(100_000))}, 1, 'unsubscribed')`;
  }
  return backlog;
}

/** The gaps: symbol, the update ids of the messages at both ends, and why. */
async function gapsOf({ sql }: Backlog) {
  await keepGaps(sql);
  const rows = await sql`
    select symbol, extract(epoch from started_at)::float8 * 1000 as since, cause, state, reason,
      extract(epoch from ended_at)::float8 * 1000 as until
    from websocket.gap_data order by symbol, started_at`;
  return rows.map(({ symbol, since, until, cause, state, reason }) => [
    ...[symbol, since - eventTime(0), until === null ? null : until - eventTime(0)],
    ...[cause, state, reason],
  ]);
}

/** Runs the consumer until so many rows are there and committed, and stops it. */
async function consumeTo(backlog: Backlog, rows: number) {
  await using consumer = backlog.consume();
  await backlog.rows(rows);
  await until("all to be committed", async () => await backlog.behind() === 0);
  await consumer.kill("SIGTERM");
}

const partitionOf = async ({ kafka, topic }: Backlog) =>
  (await kafka.extentOf(topic)).find(({ high }) => high > 0)!.partition;

Deno.test("what retention deletes while the consumer is away is a gap from the last message that was stored to the first that is left", async () => {
  await using backlog = await coveredBacklog();
  await backlog.send(btc(0, 100));
  await consumeTo(backlog, 100);
  await backlog.send(btc(400, 100));
  await backlog.expire(await partitionOf(backlog), 160);
  await consumeTo(backlog, 140);
  assert.deepEqual(await gapsOf(backlog), [["BTCUSDT", 396, 640, "kafka", "lost", "deleted by retention"]]);
});

Deno.test("what a topic that is deleted and made anew had, and was not stored, is a gap of each of its symbols", async () => {
  await using backlog = await coveredBacklog();
  await backlog.send(ticks(0, 400));
  await consumeTo(backlog, 400);
  await backlog.send(ticks(400, 400));
  await backlog.kafka.remove([backlog.topic], []);
  await backlog.kafka.ensureTopics([backlog.topic]);
  await backlog.send(ticks(800, 40));
  await consumeTo(backlog, 440);
  assert.deepEqual(
    await gapsOf(backlog),
    [2, 0, 1, 3].map((n) => [symbols[n], 396 + n, 800 + n, "kafka", "lost", "no offset was committed"])
      .sort((a, b) => String(a[0]) < String(b[0]) ? -1 : 1),
  );
});

Deno.test("what a topic lost that is deleted and made anew under a running consumer is a gap, though it is soon longer than before", async () => {
  for (const count of [10, 150]) {
    await using backlog = await coveredBacklog();
    await backlog.send(btc(0, 100));
    await using _consumer = backlog.consume();
    await backlog.rows(100);
    await until("all to be committed", async () => await backlog.behind() === 0);
    await backlog.kafka.remove([backlog.topic], []);
    await backlog.kafka.ensureTopics([backlog.topic]);
    await backlog.send(btc(800, count));
    await backlog.rows(100 + count);
    const [gap, ...others] = await until("the gap", async () => {
      const gaps = await gapsOf(backlog);
      return gaps.length > 0 && gaps[0][2] !== null && gaps;
    });
    assert.deepEqual(others, []);
    assert.deepEqual(gap.slice(0, 5), ["BTCUSDT", 396, 800, "kafka", "lost"]);
  }
});

Deno.test("a topic that is made anew while its consumer is frozen, and is longer than before, is read again, and what is missing is a gap", async () => {
  await using backlog = await coveredBacklog();
  await backlog.send(btc(0, 100));
  await using consumer = backlog.consume();
  await backlog.rows(100);
  await until("all to be committed", async () => await backlog.behind() === 0);
  Deno.kill(consumer.pid, "SIGSTOP");
  await backlog.kafka.remove([backlog.topic], []);
  await backlog.kafka.ensureTopics([backlog.topic]);
  await backlog.send(btc(800, 150));
  Deno.kill(consumer.pid, "SIGCONT");
  await backlog.rows(250);
  const [gap, ...others] = await until("the gap", async () => {
    const gaps = await gapsOf(backlog);
    return gaps.length > 0 && gaps[0][2] !== null && gaps;
  });
  assert.deepEqual(others, []);
  assert.deepEqual(gap.slice(0, 5), ["BTCUSDT", 396, 800, "kafka", "lost"]);
});

Deno.test("a log that lost its last 20 messages while its consumer was away, and got 50 new ones, has a gap before these", async () => {
  await using backlog = await coveredBacklog();
  await backlog.send(btc(0, 100));
  await consumeTo(backlog, 100);
  const { kafka: config } = readConfig(backlog.env);
  const group = groupName(config, book.message);
  const [{ partitions }] = await withAdmin(
    createClient(config, silent),
    (admin) => admin.fetchOffsets({ groupId: group, topics: [backlog.topic] }),
  );
  const { partition, offset, metadata } = partitions.find(({ offset }) => Number(offset) === 100)!;
  // Messages of the time from 400 on were truncated, too, before they were stored.
  await backlog.kafka.remove([backlog.topic], []);
  await backlog.kafka.ensureTopics([backlog.topic]);
  await backlog.send([...btc(0, 80), ...btc(800, 50)]);
  await commitWithoutMember(config, group, { topic: backlog.topic, partition, offset, metadata });
  await consumeTo(backlog, 150);
  assert.deepEqual(await gapsOf(backlog), [["BTCUSDT", 396, 800, "kafka", "lost", "truncated or made anew"]]);
});

Deno.test("a group whose offsets Kafka has forgotten has no gap where the topic still has what was stored last", async () => {
  await using backlog = await coveredBacklog();
  await backlog.send(btc(0, 100));
  await consumeTo(backlog, 100);
  await backlog.kafka.remove([], [groupName(readConfig(backlog.env).kafka, book.message)]);
  await backlog.send(btc(400, 100));
  await consumeTo(backlog, 200);
  assert.deepEqual(await gapsOf(backlog), []);
});
