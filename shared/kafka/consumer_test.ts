import assert from "node:assert/strict";
import { silent } from "../../local/testing.ts";
import { sleep } from "../wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { subscribe } from "./consumer.ts";
import { testClient } from "./test_cluster.ts";

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
