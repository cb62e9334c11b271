import assert from "node:assert/strict";
import type { Outgoing, Producer } from "../shared/kafka/mod.ts";
import { createLog } from "../shared/log.ts";
import { book } from "../shared/streams/book.ts";
import { createBuffer, type Entry } from "./buffer.ts";
import { sendAll } from "./sender.ts";

const log = createLog("test", "error", () => {});
const signal = new AbortController().signal;
const nothing = { onMerged() {}, onDropped() {} };
const entry = (topic: string, value: string): Entry => ({ topic, key: null, value });

/** A producer that fails so often, with what it was sent. */
function producerOf(failures: number) {
  const sent: { topic: string; values: string[] }[][] = [];
  const producer: Pick<Producer, "send"> = {
    send(batches) {
      if (failures-- > 0) return Promise.reject(new Error("no broker"));
      const values = (messages: readonly Outgoing[]) => messages.map(({ value }) => String(value));
      sent.push(batches.map(({ topic, messages }) => ({ topic, values: values(messages) })));
      return Promise.resolve();
    },
  };
  return { producer: producer as Producer, sent };
}

Deno.test("what could not be sent is sent again, in order and before what came later", async () => {
  const buffer = createBuffer(book, "t", 1e6, nothing);
  const { producer, sent } = producerOf(2);
  const told: string[] = [];
  for (const value of ["a", "b"]) buffer.push(entry("t", value));
  const sending = sendAll(buffer, producer, { signal, log, kind: "kafka" }, {
    onSend: (entries) => {
      told.push(`to send ${entries.length}`);
      if (told.length === 1) buffer.push(entry("t", "c"));
    },
    onSent: (entries) => told.push(`sent ${entries.length}`),
  });
  buffer.close();
  await sending;
  assert.deepEqual(sent, [[{ topic: "t", values: ["a", "b"] }], [{ topic: "t", values: ["c"] }]]);
  assert.deepEqual(told, ["to send 2", "to send 2", "to send 2", "sent 2", "to send 1", "sent 1"]);
  assert.equal(buffer.length, 0);
});

Deno.test("each entry goes to its own topic, and no send is larger than is allowed", async () => {
  const buffer = createBuffer(book, "t", 1e8, nothing);
  const { producer, sent } = producerOf(0);
  for (let i = 0; i < 30; i++) buffer.push(entry(i % 10 ? "t" : "t.dlq", "x".repeat(100_000)));
  buffer.close();
  await sendAll(buffer, producer, { signal, log, kind: "kafka" }, { onSend() {}, onSent() {} });
  const all = sent.flat();
  const count = (topic: string) =>
    all.filter((batch) => batch.topic === topic).reduce((sum, batch) => sum + batch.values.length, 0);
  assert.deepEqual([count("t"), count("t.dlq")], [27, 3]);
  for (const batches of sent) {
    const bytes = batches.flatMap(({ values }) => values).join("").length;
    assert.ok(bytes <= 1_500_000);
  }
});
