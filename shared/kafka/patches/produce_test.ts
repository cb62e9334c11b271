import assert from "node:assert/strict";
import protocols from "kafkajs/src/protocol/requests/index.js";
import "./produce.ts";
import type { ProduceAnswer, ProduceData } from "./produce.ts";

const data: ProduceData = { acks: -1, timeout: 1_000, compression: 0, topicData: [] };
const notLeader = 6;

Deno.test("what one partition acks is known though another one refuses: without the patch one refusal fails all", async () => {
  const { response } = protocols.requests.Produce.protocol({ version: 7 })(data);
  const partitions = [
    { partition: 0, errorCode: 0, baseOffset: "0" },
    { partition: 1, errorCode: notLeader, baseOffset: "-1" },
  ];
  const answer: ProduceAnswer = { topics: [{ partitions }] };
  assert.deepEqual(await response.parse(answer), answer);
});
