import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import Encoder from "kafkajs/src/protocol/encoder.js";
import protocols from "kafkajs/src/protocol/requests/index.js";
import { createBatchReader } from "../batch_reader.ts";
import type { Incoming } from "../incoming.ts";
import { storedBatch } from "../test_batches.ts";
import "./fetch.ts";
import type { FetchAnswer } from "./fetch.ts";

const version = 11;
const protocolOf = (partitions: readonly object[] = []) =>
  protocols.requests.Fetch.protocol({ version })({
    ...{ maxWaitTime: 1_000, minBytes: 1, maxBytes: 1_000, rackId: "" },
    topics: [{ topic: "t", partitions }],
  });

/** A broker's answer with the bytes of partition 0, which has so many messages. */
function answerWith(bytes: Buffer, end: number): Buffer {
  const partition = new Encoder().writeInt32(0).writeInt16(0).writeInt64(end).writeInt64(end).writeInt64(0)
    .writeInt32(0).writeInt32(-1).writeBytes(bytes);
  const topic = new Encoder().writeString("t").writeArray([partition]);
  return new Encoder().writeInt32(0).writeInt16(0).writeInt32(0).writeArray([topic]).buffer;
}

Deno.test("a record batch that was damaged is not read as messages: without the patch its checksum is not looked at", async () => {
  const batch = storedBatch([{ key: "k", value: "61800.20" }]);
  const damaged = Buffer.from(batch);
  damaged[damaged.indexOf("61800.20")] = "9".charCodeAt(0);
  const messagesOf = async (bytes: Buffer) => {
    const answer: FetchAnswer = await protocolOf().response.decode(answerWith(bytes, 1));
    const [{ partition, messages }] = answer.responses[0].partitions;
    const read = createBatchReader();
    const found: Incoming[] = [];
    for (let fetches = 0; fetches < 2 && found.length === 0; fetches++) {
      const batch = { partition, messages, fetchedOffset: "0" };
      for await (const portion of read(batch)) found.push(...portion.messages);
    }
    return found.map(({ value, damage }) => damage?.cause ?? String(value));
  };
  assert.deepEqual(await messagesOf(batch), ["61800.20"]);
  assert.deepEqual(await messagesOf(damaged), ["a record batch can't be read: its checksum is wrong"]);
});

Deno.test("partitions take turns in being asked for first: without the patch a busy one comes first each time", async () => {
  const partitions = [0, 1, 2].map((partition) => ({ partition, fetchOffset: "0", maxBytes: 1 }));
  const orders = new Set<string>();
  for (let n = 0; n < 3; n++) {
    const { buffer } = await protocolOf(partitions).request.encode();
    const list = buffer.subarray(buffer.indexOf("t") + 1);
    // A partition's id, its leader's epoch, two offsets and a number of bytes, after their count.
    orders.add([0, 1, 2].map((place) => list.readInt32BE(4 + place * 28)).join());
  }
  assert.deepEqual([...orders].sort(), ["0,1,2", "1,2,0", "2,0,1"]);
});
