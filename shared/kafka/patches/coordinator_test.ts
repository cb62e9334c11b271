import assert from "node:assert/strict";
import Cluster from "kafkajs/src/cluster/index.js";
import { inFastTime } from "../../../tests/fast_time.ts";
import { sleep } from "../../wait.ts";
import "./coordinator.ts";

type Answer = () => Promise<unknown>;

const requests = [
  ...["heartbeat", "offsetCommit", "offsetFetch", "joinGroup", "syncGroup"],
  ...["describeGroups", "deleteGroups"],
];

const fault = (type: string) => Object.assign(new Error(type), { type });
const refuses = (type: string): Answer => () => Promise.reject(fault(type));
const never: Answer = () => new Promise(() => {});

/** A group on brokers that answer all requests so; `coordinator` is the id of the one who coordinates it. */
function groupOn(brokers: Record<number, Answer>) {
  const group = { coordinator: 1 };
  const brokerOf = (nodeId: number) => ({
    nodeId,
    isConnected: () => true,
    ...Object.fromEntries([...requests, "leaveGroup"].map((name) => [name, () => brokers[nodeId]()])),
  });
  const cluster = Object.assign(Object.create(Cluster.prototype), {
    retrier: (attempt: (bail: (error: unknown) => never) => unknown) =>
      attempt((error) => {
        throw error;
      }),
    findGroupCoordinatorMetadata: () => Promise.resolve({ coordinator: { nodeId: group.coordinator } }),
    findBroker: ({ nodeId }: { nodeId: number }) => Promise.resolve(brokerOf(nodeId)),
  });
  return { group, find: () => cluster.findGroupCoordinator({ groupId: "g" }) };
}

Deno.test("what a coordinator refuses for good is told at once", async () => {
  await inFastTime(async () => {
    const { find } = groupOn({ 1: refuses("ILLEGAL_GENERATION") });
    const coordinator = await find();
    const start = Date.now();
    for (const name of requests) {
      await assert.rejects(coordinator[name]({}), { type: "ILLEGAL_GENERATION" });
    }
    assert.equal(Date.now(), start);
  });
});

Deno.test("one that can't be reached any more is not asked for ever", async () => {
  await inFastTime(async () => {
    const { find } = groupOn({ 1: refuses("GROUP_COORDINATOR_NOT_AVAILABLE") });
    const coordinator = await find();
    const start = Date.now();
    await assert.rejects(coordinator.offsetCommit({}), { type: "GROUP_COORDINATOR_NOT_AVAILABLE" });
    await assert.rejects(coordinator.leaveGroup({}), { type: "GROUP_COORDINATOR_NOT_AVAILABLE" });
    assert.ok(Date.now() - start < 8_000, `it took ${Date.now() - start} ms`);
  });
});

Deno.test("each request follows the coordinator, and waits until it has loaded the group: without the patch the first one is kept", async () => {
  for (const name of requests) {
    await inFastTime(async () => {
      let loading = 3;
      const { group, find } = groupOn({
        1: refuses("NOT_COORDINATOR_FOR_GROUP"),
        2: () => loading-- > 0 ? refuses("GROUP_LOAD_IN_PROGRESS")() : Promise.resolve(name),
      });
      const coordinator = await find();
      group.coordinator = 2;
      assert.equal(await coordinator[name]({}), name);
      assert.equal(loading, -1);
    });
  }
});

Deno.test("a commit follows a coordinator that does not answer once another one has taken over", async () => {
  await inFastTime(async () => {
    const { group, find } = groupOn({ 1: never, 2: () => Promise.resolve("done") });
    const coordinator = await find();
    const start = Date.now();
    group.coordinator = 2;
    assert.equal(await Promise.race([coordinator.offsetCommit({}), sleep(60_000)]), "done");
    assert.ok(Date.now() - start < 5_000, `it took ${Date.now() - start} ms`);
  });
});

Deno.test("a group is deleted by who coordinates it, though the answer alone tells that somebody else does", async () => {
  await inFastTime(async () => {
    const results = [{ error: fault("NOT_COORDINATOR_FOR_GROUP") }];
    const { group, find } = groupOn({ 1: () => Promise.resolve({ results }), 2: () => Promise.resolve({}) });
    const coordinator = await find();
    group.coordinator = 2;
    assert.deepEqual(await coordinator.deleteGroups(["g"]), {});
  });
});
