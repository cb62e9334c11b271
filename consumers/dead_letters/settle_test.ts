import assert from "node:assert/strict";
import { readConfig } from "../../shared/config/config.ts";
import { deadLetter } from "../../shared/dead_letter.ts";
import { deadLetterTopic, type Incoming, type Outgoing } from "../../shared/kafka/mod.ts";
import { book } from "../../shared/streams/book.ts";
import { silent } from "../../tests/silent.ts";
import type { Reading } from "./dead_letters.ts";
import { listLetters } from "./list.ts";
import { replayOf } from "./replay.ts";
import { type Action, type Choice, settle } from "./settle.ts";
import { showLetters } from "./show.ts";

const topic = book.message.topic;
const letters = deadLetterTopic(topic);
const utf8 = new TextEncoder();
const bytes = (part: string | Uint8Array) => typeof part === "string" ? utf8.encode(part) : part;

/** A Kafka in memory whose dead letters are of one partition; `onSend` may return why a topic refuses what it is sent. */
function kafkaWith(first: readonly Outgoing[], onSend = (_: string): Error | void => {}) {
  const records: Incoming[] = [];
  const sent: string[] = [];
  const add = ({ key, value, headers = {} }: Outgoing) =>
    records.push({
      key: key === null ? null : bytes(key),
      value: bytes(value),
      offset: String(records.length),
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, bytes(text)])),
    });
  first.forEach(add);
  const kafka = {
    listTopics: () => Promise.resolve([topic, letters]),
    ensureTopics: () => Promise.resolve(),
    extentOf: () => Promise.resolve([{ partition: 0, low: 0, high: records.length }]),
    async *follow(_: string, from: Map<number, number>, _signal: AbortSignal, to: Map<number, number>) {
      for (let at = from.get(0)!; at < to.get(0)!; at += 3) {
        yield { partition: 0, messages: records.slice(at, Math.min(at + 3, to.get(0)!)) };
      }
    },
    producer: (to: string) => ({
      async trySend(messages: readonly Outgoing[]) {
        const error = await onSend(to);
        if (error) return messages.map((message) => ({ message, error }));
        if (to === letters) messages.forEach(add);
        else sent.push(...messages.map(({ value }) => new TextDecoder().decode(bytes(value))));
        return [];
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  return { kafka, sent };
}

const letter = (value: string, cause = "refused: 23514") =>
  deadLetter("BTCUSDT", value, { cause, source: topic, partition: 0, offset: "1" });
const all: Choice = { filter: {}, limit: Infinity, again: false, isDryRun: false };
const replay = replayOf(book as never);
const drop: Action = { state: "dropped", reason: "a test's", toMessages: () => [] };
const run = async (kafka: unknown, action: Action, choice: Partial<Choice> = {}) => {
  const port = { kafka: kafka as never, config: readConfig({}).kafka, log: silent };
  const { done, refused } = await settle(port, topic, action, { ...all, ...choice }, () => {});
  return { done, refused: Object.fromEntries(refused) };
};
const list = (kafka: unknown) => listLetters(kafka as never, "", () => {});

Deno.test("a second replay sends only what was not replayed yet", async () => {
  const { kafka, sent } = kafkaWith(["a", "b", "c", "d", "e"].map((value) => letter(value)));
  assert.equal((await run(kafka, replay, { limit: 2 })).done, 2);
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal((await run(kafka, replay)).done, 3);
  assert.deepEqual(sent, ["a", "b", "c", "d", "e"]);
  assert.equal((await run(kafka, replay)).done, 0);
  assert.match(await list(kafka), /^order_book_data: 0 waiting, 5 replayed, 0 dropped$/);
  assert.equal((await run(kafka, replay, { again: true })).done, 5);
});

Deno.test("a replay that was filtered leaves the others waiting, though they are older", async () => {
  const { kafka, sent } = kafkaWith([
    letter("a", "refused: 23514"),
    letter("b", "price: must be a plain decimal"),
    letter("c", "Refused: 23514"),
  ]);
  await run(kafka, replay, { filter: { cause: "must be" } });
  await run(kafka, replay, { filter: { offset: "0:2" } });
  assert.deepEqual(sent, ["b", "c"]);
  await run(kafka, replay, { filter: { since: Date.now() + 60_000 } });
  assert.deepEqual(sent, ["b", "c"]);
  await run(kafka, replay, { filter: { cause: "REFUSED", since: Date.now() - 60_000 } });
  assert.deepEqual(sent, ["b", "c", "a"]);
});

Deno.test("a dry run says how many it would be, and does nothing", async () => {
  const { kafka, sent } = kafkaWith([letter("a"), letter("b")]);
  for (const action of [replay, drop]) assert.equal((await run(kafka, action, { isDryRun: true })).done, 2);
  assert.deepEqual(sent, []);
  assert.match(await list(kafka), /2 waiting, 0 replayed, 0 dropped/);
});

Deno.test("a letter that was cut is refused and named, and the letters beside it are sent", async () => {
  const { kafka, sent } = kafkaWith([letter("a"), letter("x".repeat(2_000_000)), letter("b")]);
  const { done, refused } = await run(kafka, replay);
  assert.equal(done, 2);
  assert.deepEqual(refused, { "incomplete: some of its bytes were cut off": { count: 1, places: ["0:1"] } });
  assert.deepEqual(sent, ["a", "b"]);
  assert.match(await list(kafka), /1 waiting, 2 replayed/);
});

Deno.test("a record batch of the dead letters that can't be read is refused, as it is not a message", async () => {
  const { kafka, sent } = kafkaWith([letter("a")]);
  const damage = { cause: "its checksum is wrong", records: 3 };
  const broken = { key: null, value: utf8.encode("bytes"), offset: "0", damage };
  const follow: Reading["follow"] = async function* () {
    yield { partition: 0, messages: [broken] };
  };
  const { done, refused } = await run({ ...kafka, follow }, replay);
  assert.equal(done, 0);
  assert.deepEqual(Object.keys(refused), ["a record batch that could not be read, not a message"]);
  assert.deepEqual(sent, []);
  assert.match(await list({ ...kafka, follow }), /1 waiting.*\n +1 {2}its checksum is wrong/);
});

Deno.test("a frame of the exchange is sent as the message that it is; one that still can't be decoded is refused", async () => {
  const frame = (text: string) => deadLetter(null, text, { cause: "not understood", source: "exchange" });
  const { kafka, sent } = kafkaWith([frame(book.feed!.sample), frame("{}")]);
  const { done, refused } = await run(kafka, replay);
  assert.equal(done, 1);
  assert.deepEqual(refused, { "a frame that still can't be decoded": { count: 1, places: ["0:1"] } });
  assert.ok(book.message.codec.decode(sent[0]).updateId > 0);
});

Deno.test("a dropped letter is never replayed, and is still shown with the reason", async () => {
  const { kafka, sent } = kafkaWith([letter("a", "of a test"), letter("b")]);
  assert.equal((await run(kafka, drop, { filter: { cause: "of a test" } })).done, 1);
  for (const again of [false, true]) await run(kafka, replay, { again });
  assert.deepEqual(sent, ["b", "b"]);
  assert.match(await list(kafka), /0 waiting, 1 replayed, 1 dropped\n +1 {2}dropped: a test's$/);
  const shown = await showLetters(kafka as never, topic, { offset: "0:0" }, 20, () => {});
  assert.match(shown, /^--offset 0:0\n {2}dropped\n {2}cause: of a test\n/);
});

Deno.test("a replay that is killed before it marks what it sent sends that again, and skips nothing", async () => {
  let isKilled = true;
  const { kafka, sent } = kafkaWith([letter("a"), letter("b")], (to) => {
    if (isKilled && to === letters) throw new Error("killed");
  });
  await assert.rejects(run(kafka, replay), /killed/);
  isKilled = false;
  await run(kafka, replay);
  assert.deepEqual(sent, ["a", "b", "a", "b"]);
});

Deno.test("a replay that Kafka refuses says why, marks nothing, and is done by the next one", async () => {
  let isRefusing = true;
  const { kafka, sent } = kafkaWith([letter("a"), letter("b")], (to) => {
    if (isRefusing && to === topic) return new Error("SASL: no right to write");
  });
  await assert.rejects(
    run(kafka, replay),
    /^Error: Cannot write to the topic order_book_data: .*no right to write/,
  );
  assert.match(await list(kafka), /2 waiting, 0 replayed/);
  isRefusing = false;
  assert.equal((await run(kafka, replay)).done, 2);
  assert.deepEqual(sent, ["a", "b"]);
});

Deno.test("the newest letters are shown, the oldest of them first", async () => {
  const { kafka } = kafkaWith(["a", "b", "c", "d", "e"].map((value) => letter(value)));
  const shown = await showLetters(kafka as never, topic, {}, 2, () => {});
  assert.deepEqual(shown.split("\n\n").map((text) => text.split("\n").at(-1)!.trim()), ["d", "e"]);
});

Deno.test("for a topic without dead letters the command says that there are none", async () => {
  const { kafka } = kafkaWith([]);
  await assert.rejects(
    showLetters({ ...kafka, listTopics: () => Promise.resolve([]) } as never, topic, {}, 2, () => {}),
    /Cannot find the topic order_book_data\.dlq: deno task dlq list/,
  );
});
