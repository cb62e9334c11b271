import assert from "node:assert/strict";
import BrokerPool from "kafkajs/src/cluster/brokerPool.js";
import { inFastTime } from "../../../tests/fast_time.ts";
import { silent } from "../../../tests/silent.ts";
import { testKafka } from "../../../tests/stack.ts";
import { sleep } from "../../wait.ts";
import { openKafka } from "../mod.ts";
import "./broker_choice.ts";

Deno.test("a cluster is entered by a broker that answers, though one that accepts connections and is silent is named first", async () => {
  await using test = await testKafka();
  using silentOne = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silentOne.addr as Deno.NetAddr;
  const kafka = openKafka({ ...test.config, brokers: [`127.0.0.1:${port}`, ...test.config.brokers] }, silent);
  const start = performance.now();
  await kafka.listTopics();
  const took = performance.now() - start;
  assert.ok(took < 7_000, `it took ${took} ms`); // when a request times out
});

/** A pool of brokers that answer after so long, in ms; -1: that can't be reached. */
function poolOf(delays: Record<string, number>) {
  const brokers = Object.fromEntries(
    Object.entries(delays).map(([id, ms]) => [id, {
      isConnected: () => ms >= 0,
      metadata: () => sleep(ms).then(() => id),
    }]),
  );
  return Object.assign(Object.create(BrokerPool.prototype), {
    brokers,
    seedBroker: brokers[1],
    findBroker: ({ nodeId }: { nodeId: string }) =>
      delays[nodeId] < 0 ? Promise.reject(new Error("refused")) : Promise.resolve(brokers[nodeId]),
  });
}

Deno.test("what all brokers know is told by one that answers, though others are silent or down: without the patch one at random is asked", async () => {
  await inFastTime(async () => {
    const pool = poolOf({ 1: -1, 2: 1e9, 3: 5 });
    for (let n = 0; n < 20; n++) {
      const start = Date.now();
      const broker = await pool.findConnectedBroker();
      assert.equal(await broker.metadata([]), "3");
      assert.equal(await pool.withBroker(({ broker }: { broker: typeof pool }) => broker.metadata()), "3");
      assert.ok(Date.now() - start < 2_100, `it took ${Date.now() - start} ms`);
    }
  });
});

Deno.test("where no broker answers, why is told", async () => {
  await inFastTime(async () => {
    await assert.rejects(poolOf({ 1: -1, 2: -1 }).withBroker(() => assert.fail()), /refused/);
    await assert.rejects(poolOf({}).withBroker(() => assert.fail()), /No broker is known/);
  });
});
