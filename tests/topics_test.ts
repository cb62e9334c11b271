import assert from "node:assert/strict";
import kafkajs from "kafkajs";
import { createClient } from "../shared/kafka/client.ts";
import { openKafka } from "../shared/kafka/mod.ts";
import { createLog } from "../shared/log.ts";
import { silent } from "./silent.ts";
import { testDatabase, testKafka } from "./stack.ts";
import { startWorker } from "./worker.ts";

/** A Kafka with one topic of these settings, under its name without the prefix. */
async function kafkaWith(name: string, settings: Record<string, string>) {
  const test = await testKafka();
  const topic = test.config.topicPrefix + name;
  const admin = createClient(test.config, silent).admin();
  await admin.connect();
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: false });
  await admin.disconnect();
  return { ...test, topic, env: envOf(test.config.brokers.join(), test.config.topicPrefix) };
}
const envOf = (BOOTSTRAP_SERVER: string, TOPIC_PREFIX: string) => ({ BOOTSTRAP_SERVER, TOPIC_PREFIX });

Deno.test("a compacted topic is refused at the start with code 78: the worker's own or one beside it", async () => {
  await using database = await testDatabase();
  for (
    const [task, name, policy] of [
      ["book:produce", "order_book_data", "compact"],
      ["kline:produce", "coverage_data", "compact"],
      ["kline:consume", "kline_data.dlq", "compact,delete"],
    ]
  ) {
    await using kafka = await kafkaWith(name, { "cleanup.policy": policy });
    const nowhere = { BINANCE_WS_URL: "ws://127.0.0.1:9", BINANCE_REST_URL: "http://127.0.0.1:9" };
    await using worker = startWorker(task, { ...kafka.env, ...nowhere, DB_URL: database.url });
    assert.equal((await worker.ended).code, 78, task);
    const said = worker.lines.join("\n");
    assert.ok(said.includes(`Cannot use the topic ${kafka.topic}: its cleanup.policy is ${policy}`), said);
    assert.match(said, /--add-config cleanup.policy=delete/);
  }
});

Deno.test("a worker warns of a topic that keeps messages for less than a day", async () => {
  await using test = await kafkaWith("short", { "retention.ms": "3600000" });
  const lines: string[] = [];
  const kafka = openKafka(test.config, createLog("test", "warn", (line) => lines.push(line)));
  await kafka.ensureTopics([test.topic, `${test.config.topicPrefix}usual`]);
  await kafka.ensureTopics([`${test.config.topicPrefix}usual`]);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /less than a day.* topic=\S+short retention_hours=1$/);
});

Deno.test("a topic that is made has its cleanup policy set, whatever the broker's default is or becomes", async () => {
  await using test = await testKafka();
  const topic = `${test.config.topicPrefix}made`;
  await test.kafka.ensureTopics([topic]);
  const admin = createClient(test.config, silent).admin();
  await admin.connect();
  try {
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }];
    const { resources: [{ configEntries }] } = await admin.describeConfigs({
      resources,
      includeSynonyms: false,
    });
    const policy = configEntries.find(({ configName }) => configName === "cleanup.policy")!;
    assert.deepEqual([policy.configValue, policy.isDefault], ["delete", false]);
  } finally {
    await admin.disconnect();
  }
});
