import assert from "node:assert/strict";
import { sleep } from "../wait.ts";
import { readTail } from "./tail.ts";
import { testClient } from "./test_cluster.ts";

const extent = [{ partition: 0, low: 0, high: 10 }];

Deno.test("a group that can't be joined fails the reading with the broker's words", async () => {
  const words = "The coordinator is loading and hence can't process requests for this group";
  const client = testClient("t", {
    join: () => Promise.reject(Object.assign(new Error(words), { type: "GROUP_LOAD_IN_PROGRESS" })),
  });
  await assert.rejects(() => readTail(client, "t", extent, 5, "g"), { message: words });
});

Deno.test("an aborted signal ends the reading, be it joining, waiting for messages, or not yet begun", async () => {
  const stop = new AbortController();
  const client = testClient("t", { join: () => new Promise(() => {}) });
  const joining = readTail(client, "t", extent, 5, "g", stop.signal);
  const waiting = readTail(testClient("t", {}), "t", extent, 5, "g", stop.signal);
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(joining, { name: "AbortError" });
  await assert.rejects(waiting, { name: "AbortError" });
  await assert.rejects(() => readTail(client, "t", extent, 5, "g", stop.signal), { name: "AbortError" });
});

Deno.test("a leader that moves while the newest messages are read does not have all the others read as well", async () => {
  const end = 100_000;
  const asked: number[] = [];
  let hasMoved = false;
  const client = testClient("t", {
    async fetch(nodeId, from) {
      await sleep(1);
      if (nodeId !== 1 || from === end) return;
      asked.push(from);
      if (from > 0 && !hasMoved) {
        hasMoved = true;
        throw Object.assign(new Error("moved"), { type: "NOT_LEADER_FOR_PARTITION" });
      }
      return Array.from({ length: Math.min(50, end - from) }, (_, i) => from + i);
    },
  });
  const messages = await readTail(client, "t", [{ partition: 0, low: 0, high: end }], 100, "g");
  assert.deepEqual(
    messages.map(({ offset }) => Number(offset) - end),
    Array.from({ length: 100 }, (_, i) => i - 100),
  );
  assert.ok(hasMoved && asked.length < 10, String(asked));
});
