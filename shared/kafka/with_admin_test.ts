import assert from "node:assert/strict";
import kafkajs from "kafkajs";
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import {
  KafkaJSBrokerNotFound,
  KafkaJSConnectionClosedError,
  KafkaJSConnectionError,
} from "kafkajs/src/errors.js";
import { inFastTime } from "../../tests/fast_time.ts";
import { withAdmin } from "./with_admin.ts";

/** A client whose admins are numbered; `open` are connected now. Connecting fails if `fault` is given. */
function clientOf(fault?: Error) {
  const open = new Set<number>();
  let made = 0;
  const admin = () => {
    const number = ++made;
    return {
      number,
      connect: () => fault ? Promise.reject(fault) : Promise.resolve(void open.add(number)),
      disconnect: () => Promise.resolve(void open.delete(number)),
    };
  };
  return { client: { admin } as unknown as kafkajs.Kafka, open, made: () => made };
}

/** The numbers of the admin clients with which something is run that fails so; then it succeeds. */
async function runsOf(faults: unknown[]): Promise<number[]> {
  const { client, open } = clientOf();
  const runs: number[] = [];
  const run = withAdmin(client, (admin) => {
    const { number } = admin as unknown as { number: number };
    assert.deepEqual([...open], [number]);
    runs.push(number);
    const fault = faults.shift();
    return fault ? Promise.reject(fault) : Promise.resolve();
  });
  await run.finally(() => assert.deepEqual([...open], []));
  return runs;
}

const retried = (cause: Error) =>
  new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 2, retryTime: 100 });

Deno.test("what a person must change, and what was asked wrongly, is told at once", async () => {
  // By code: the topic is not authorized, the group has members.
  for (const code of [29, 68]) {
    const faults = [createErrorFromCode(code), undefined];
    await assert.rejects(runsOf(faults), { code });
    assert.equal(faults.length, 1);
  }
  await assert.rejects(runsOf([new TypeError("no")]), TypeError);
});

Deno.test("that no broker can be reached is told at once", async () => {
  const { client, made } = clientOf(new KafkaJSConnectionError("connect ECONNREFUSED"));
  await assert.rejects(withAdmin(client, () => Promise.resolve()), /ECONNREFUSED/);
  assert.equal(made(), 1);
});

Deno.test("what a broker refuses because another one leads is asked again, each time with new metadata", async () => {
  // By code: the partition is not known yet, no leader yet, another leader, another controller, a group that is loaded.
  const faults = [3, 5, 6, 41, 14].map((code) => createErrorFromCode(code));
  assert.deepEqual(await runsOf(faults.slice(0, 3)), [1, 2, 3, 4]);
  assert.deepEqual(await runsOf(faults.slice(3).map(retried)), [1, 2, 3]);
  const lost = [
    new KafkaJSBrokerNotFound("-1"),
    new KafkaJSConnectionClosedError("gone", { host: "b", port: 1 }),
  ];
  assert.deepEqual(await runsOf(lost), [1, 2, 3]);
});

Deno.test("what does not pass within 5 s is told", async () => {
  const faults = Array.from({ length: 1_000 }, () => createErrorFromCode(6));
  await assert.rejects(inFastTime(() => runsOf(faults)), { code: 6 });
});
