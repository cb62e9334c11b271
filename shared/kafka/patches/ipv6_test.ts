import assert from "node:assert/strict";
import { openProxy } from "../../../tests/proxy.ts";
import { silent } from "../../../tests/silent.ts";
import { testKafka } from "../../../tests/stack.ts";
import { parseBrokerAddress } from "../broker_address.ts";
import { openKafka } from "../mod.ts";

Deno.test("Kafka is found by an IPv6 address: without the patch its host ends at the first colon", async () => {
  await using test = await testKafka();
  await using proxy = await openProxy(parseBrokerAddress(test.config.brokers[0]), "::1");
  const kafka = openKafka({ ...test.config, brokers: [`[::1]:${proxy.port}`] }, silent);
  const topic = `${test.config.topicPrefix}six`;
  await kafka.ensureTopics([topic]);
  await using producer = kafka.producer(topic);
  await producer.send([{ key: "k", value: "v" }]);
  assert.equal((await kafka.extentOf(topic)).reduce((sum, { high }) => sum + high, 0), 1);
});
