import assert from "node:assert/strict";
import { silent } from "../../tests/silent.ts";
import { sleep } from "../wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { subscribe } from "./consumer.ts";
import { BATCH, testClient } from "./test_cluster.ts";

Deno.test("a fetch that never ends does not keep the consumer from being left, to be begun anew", async () => {
  await inFastTime(async () => {
    const asked = Promise.withResolvers<void>();
    const client = testClient("t", {
      fetch() {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const subscription = { topic: "t", group: "g", onBatch: () => sleep(0), onJoin() {}, onLost() {} };
    const consumer = await subscribe(client, subscription, silent);
    await asked.promise;
    const left = consumer[Symbol.asyncDispose]().then(() => true);
    assert.ok(await Promise.race([left, sleep(60_000)]), "it is waited for");
  });
});

Deno.test("what is left of a fetch is given up once the group is to be joined anew, and read again", async () => {
  await inFastTime(async () => {
    const held = Promise.withResolvers<void>();
    const all = Promise.withResolvers<void>();
    const handed: string[] = [];
    let joins = 0;
    const end = 3 * BATCH;
    const client = testClient("t", {
      heartbeat: () =>
        joins === 1
          ? Promise.reject(Object.assign(new Error("join"), { type: "REBALANCE_IN_PROGRESS" }))
          : Promise.resolve(),
      async fetch(nodeId, from) {
        await sleep(10);
        if (nodeId === 1 && from < end) return Array.from({ length: end - from }, (_, i) => from + i);
      },
    });
    await using _consumer = await subscribe(client, {
      topic: "t",
      group: "g",
      async onBatch({ messages, nextOffset }) {
        handed.push(`${joins}: ${messages[0].offset}`);
        if (joins === 1) await held.promise;
        if (Number(nextOffset) === end) all.resolve();
      },
      onJoin() {
        if (++joins === 2) held.resolve();
      },
      onLost() {},
    }, silent);
    await all.promise;
    assert.deepEqual(handed, ["1: 0", "2: 0", `2: ${BATCH}`, `2: ${2 * BATCH}`]);
  });
});
