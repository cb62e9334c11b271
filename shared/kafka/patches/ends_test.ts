import assert from "node:assert/strict";
import { silent } from "../../../tests/silent.ts";
import { inFastTime } from "../../../tests/fast_time.ts";
import { sleep } from "../../wait.ts";
import { subscribe } from "../consumer.ts";
import { testClient } from "../test_cluster.ts";
import type { End } from "./ends.ts";

Deno.test("a partition's end is told with each answer, also where it has no messages; without the patch those are told to no one", async () => {
  await inFastTime(async () => {
    const events: string[] = [];
    const all = Promise.withResolvers<void>();
    const client = testClient("t", {
      async fetch(nodeId, from) {
        await sleep(10);
        if (nodeId === 1) return from === 0 ? [0, 1, 2] : [];
      },
    });
    const told = ({ partition, partitions, from, end, at }: End) => {
      assert.ok(at <= performance.now());
      events.push(`${partition} of ${partitions} from ${from}: ${end}`);
      if (from === 3) all.resolve();
    };
    await using _consumer = await subscribe(client, {
      ...{ topic: "t", group: "g", onJoin() {}, onLost() {}, onEnd: told },
      onBatch: ({ messages }) => {
        events.push(`${messages.length} messages`);
        return Promise.resolve();
      },
    }, silent);
    await all.promise;
    assert.deepEqual(events, ["0 of 2 from 0: 3", "3 messages", "0 of 2 from 3: 3"]);
  });
});
