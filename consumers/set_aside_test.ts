import assert from "node:assert/strict";
import type { Batch, Kafka, Outgoing, Producer, Unsent } from "../shared/kafka/mod.ts";
import { silent } from "../tests/silent.ts";
import { inFastTime } from "../tests/fast_time.ts";
import { createSetAside } from "./set_aside.ts";

const values = ["a", "b", "c"];
const batchOf = (...values: string[]): Batch => ({
  ...{ topic: "t", partition: 0, nextOffset: String(values.length), behind: 0, bytes: 100 },
  messages: values.map((value, i) => ({
    key: null,
    value: new TextEncoder().encode(value),
    offset: String(i),
  })),
});
const unwantedOf = (batch: Batch) => batch.messages.map((_, place) => ({ batch, place, cause: "bad" }));

/** What sets messages aside on a topic that refuses what `refuses` says. */
function setAsideOn(refuses: (value: string, attempt: number) => boolean) {
  const written: string[] = [];
  const troubles: (string | undefined)[] = [];
  let attempt = 0;
  const producer: Producer = {
    trySend<M extends Outgoing>(messages: readonly M[]): Promise<Unsent<M>[]> {
      attempt++;
      const text = ({ value }: Outgoing) => new TextDecoder().decode(value as Uint8Array);
      const [bad, good] = [true, false].map((is) =>
        messages.filter((one) => refuses(text(one), attempt) === is)
      );
      written.push(...good.map(text));
      return Promise.resolve(bad.map((message) => ({ message, error: new Error("refused") })));
    },
    send: () => Promise.reject(new Error("not used")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const kafka: Pick<Kafka, "ensureTopics" | "producer"> = {
    ensureTopics: () => Promise.resolve(),
    producer: () => producer,
  };
  const retry = {
    ...{ log: silent, kind: "kafka" as const, signal: new AbortController().signal },
    onTrouble: (words?: string) => troubles.push(words),
  };
  return { ...createSetAside(kafka, "t.dlq", retry, silent), written, troubles };
}

Deno.test("letters that are acked are not sent again while others are refused, and the reason of the wait is reported", async () => {
  await inFastTime(async () => {
    const { setAside, written, troubles } = setAsideOn((value, attempt) => value === "b" && attempt < 4);
    await setAside(unwantedOf(batchOf(...values)));
    assert.deepEqual(written, ["a", "c", "b"]);
    assert.match(troubles[0]!, /^Cannot write to the topic t.dlq, and no offset moves before .*refused/);
    assert.equal(troubles.at(-1), undefined);
  });
});

Deno.test("letters of a batch that is read again are not sent again", async () => {
  const { setAside, written } = setAsideOn(() => false);
  await setAside(unwantedOf(batchOf(...values)));
  await setAside(unwantedOf(batchOf(...values)));
  assert.deepEqual(written, values);
});

Deno.test("a topic that was created again has other letters at the same offsets", async () => {
  const { setAside, written } = setAsideOn(() => false);
  await setAside(unwantedOf(batchOf("a")));
  await setAside(unwantedOf(batchOf("new")));
  assert.deepEqual(written, ["a", "new"]);
});
