import assert from "node:assert/strict";
import { belongingsOf, clear } from "../local/up/fresh.ts";
import { readConfig } from "../shared/config/config.ts";
import { listStreams } from "../shared/list_streams.ts";
import { retryForever } from "../shared/retry.ts";
import { silent } from "./silent.ts";
import { testDatabase, testKafka } from "./stack.ts";

const streams = await listStreams();
const soon = 1_500;

/** A feed with its topics and a row. */
async function usedFeed() {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const { kafka, config: names } = parts.use(await testKafka());
  const config = {
    ...readConfig({ DB_URL: database.url, BOOTSTRAP_SERVER: names.brokers.join() }),
    kafka: names,
  };
  const belongings = belongingsOf(streams, config);
  await kafka.ensureTopics(belongings.topics);
  await database.sql`insert into websocket.stale_seconds values (now())`;

  const read = async (group: string) => {
    const joined = Promise.withResolvers<void>();
    const reader = await retryForever(() =>
      kafka.subscribe({
        topic: belongings.topics[0],
        group,
        onBatch: () => Promise.resolve(),
        onJoin: () => joined.resolve(),
        onLost() {},
      }), { kind: "kafka", log: silent, signal: AbortSignal.timeout(60_000) });
    await joined.promise;
    return reader;
  };
  const isWhole = async () => {
    const [{ rows }] = await database.sql`select count(*)::int as rows from websocket.stale_seconds`;
    const there = await kafka.listTopics();
    return rows === 1 && belongings.topics.every((topic) => there.includes(topic));
  };
  const clearWithin = (limitMs?: number) =>
    clear(belongings, config, silent, AbortSignal.timeout(60_000), limitMs);
  const kept = parts.move();
  return {
    database,
    kafka,
    belongings,
    read,
    isWhole,
    clear: clearWithin,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

Deno.test("nothing is removed while a consumer reads a topic, even one of another group", async () => {
  await using feed = await usedFeed();
  for (const group of [feed.belongings.groups[0], `${feed.belongings.groups[0]}.another`]) {
    await using _reader = await feed.read(group);
    await assert.rejects(feed.clear(soon), (error: Error) => {
      // Groups of other tests count while their members join: what these read is not known then.
      const [, groups = ""] = error.message.match(/consumers of (.*) still run.*Nothing was removed$/) ?? [];
      return groups.split(", ").includes(group);
    });
    assert.ok(await feed.isWhole());
  }
});

Deno.test("nothing is removed from Kafka if the database refuses", async () => {
  await using feed = await usedFeed();
  await feed.database.sql`create schema websocket_kept`;
  await assert.rejects(
    feed.clear(),
    /^Error: Cannot clear the database: .*websocket_kept.*Nothing was removed$/,
  );
  assert.ok(await feed.isWhole());
});

Deno.test("data without a reader is removed, from the database and from Kafka", async () => {
  await using feed = await usedFeed();
  await feed.clear();
  const there = await feed.kafka.listTopics();
  assert.deepEqual(feed.belongings.topics.filter((topic) => there.includes(topic)), []);
  const [{ schema }] = await feed.database.sql`select to_regclass('websocket.migrations') as schema`;
  assert.equal(schema, null);
});
