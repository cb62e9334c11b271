import assert from "node:assert/strict";
import { deadLetterTopic, type Outgoing } from "../shared/kafka/mod.ts";
import { book } from "../shared/streams/book.ts";
import { type Kline, kline } from "../shared/streams/kline.ts";
import { backlogOf, ticks } from "./backlog.ts";
import { until } from "./until.ts";

const text = (bytes: unknown) => bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : bytes;

Deno.test("a bad message between good ones goes to the dead-letter topic unchanged, and the good ones are stored", async () => {
  await using backlog = await backlogOf(book);
  const [one, two, three] = ticks(4, 12).filter(({ key }) => key === "BTCUSDT");
  const key = new Uint8Array([0xff, 0, 1]);
  const noise = new Uint8Array([0x7b, 0xff, 0x00]);
  const halved = String(two.value).slice(0, 40);
  const old = '{"symbol":"BTCUSDT","updateId":1,"bidPrice":61800.2}';
  // All of one partition: the key decides, and those of the poison are looked at apart.
  await backlog.send([one, { key: "BTCUSDT", value: halved }, two, { key: "BTCUSDT", value: old }, three]);
  await backlog.send([{ key, value: noise }, { key: null, value: "" }]);
  const began = Date.now();
  await using consumer = backlog.consume();
  const counts = await until("all to be committed", async () => {
    const { stored, rejected, legacy } = (await consumer.report())?.counts ?? {};
    return stored + rejected + legacy === 7 && [stored, rejected, legacy];
  });
  assert.deepEqual(counts, [3, 3, 1]);
  await backlog.rows(3);
  const letters = await backlog.read(deadLetterTopic(backlog.topic));
  const bytes = letters.map(({ key, value }) => [key && [...key], [...value!]]);
  const ascii = (text: string) => [...new TextEncoder().encode(text)];
  const sorted = (all: unknown[]) => all.map((one) => JSON.stringify(one)).sort();
  assert.deepEqual(
    sorted(bytes),
    sorted([[ascii("BTCUSDT"), ascii(halved)], [[...key], [...noise]], [null, []]]),
  );

  const letter = letters.find(({ value }) => text(value) === halved)!;
  const headers = Object.fromEntries(
    Object.entries(letter.headers!).map(([name, value]) => [name, text(value)]),
  );
  assert.match(String(headers["bookline-cause"]), /JSON/);
  assert.equal(headers["bookline-source"], backlog.topic);
  assert.equal(headers["bookline-offset"], "1");
  assert.match(String(headers["bookline-partition"]), /^[0-3]$/);
  const at = Date.parse(String(headers["bookline-time"]));
  assert.ok(at >= began && at <= Date.now());
});

Deno.test("a closed candle is never reopened by a later open frame, of the same batch or the next", async () => {
  const { wire, toMessages, sample } = kline.feed!;
  const [closed] = toMessages(wire.parse(JSON.parse(sample).data), Date.now());
  const sendable = (message: Kline): Outgoing => ({
    key: "ETHUSDT",
    value: kline.message.codec.encode(message),
  });
  const late = { ...closed, isClosed: false, close: "1", eventTime: closed.eventTime + 500 };
  const next = { openTime: closed.openTime + 60_000 };
  const marker = { ...closed, openTime: closed.openTime + 120_000, isClosed: false };

  await using backlog = await backlogOf(kline);
  await backlog.send([closed, late, { ...closed, ...next }].map(sendable));
  await using _consumer = backlog.consume();
  await backlog.rows(2);
  await backlog.send([{ ...late, ...next }, marker].map(sendable));
  await backlog.rows(3);
  const rows = await backlog.sql`
    select close::text, is_closed, event_time from websocket.kline_data order by open_time`;
  assert.deepEqual(rows.slice(0, 2).map((row) => [row.close, row.is_closed, Number(row.event_time)]), [
    [closed.close, true, closed.eventTime],
    [closed.close, true, closed.eventTime],
  ]);
});

Deno.test("messages that Kafka's retention deletes before they are stored are reported and counted, and the others are stored", async () => {
  await using backlog = await backlogOf(book);
  const one = (first: number, count: number) =>
    ticks(first, 4 * count).filter(({ key }) => key === "BTCUSDT");
  await backlog.send(one(0, 100));
  await using first = backlog.consume();
  await backlog.rows(100);
  await first.kill("SIGTERM");
  await backlog.send(one(400, 100));
  const { partition } = (await backlog.kafka.extentOf(backlog.topic)).find(({ high }) => high > 0)!;
  await backlog.expire(partition, 160);

  await using next = backlog.consume();
  await backlog.rows(140);
  const said = await next.says(/ error /);
  assert.match(said, /60 messages are lost: Kafka's retention deleted them .* from=100 to=160$/);
  assert.equal((await next.report())!.counts.lost, 60);
});

Deno.test("on SIGTERM a consumer stores and commits what it has read, and the next one continues there at once", async () => {
  await using backlog = await backlogOf(book);
  for (let first = 0; first < 60_000; first += 4_000) await backlog.send(ticks(first, 4_000));
  await using consumer = backlog.consume();
  await until("some rows", async () => ((await consumer.report())?.counts.stored ?? 0) > 0);
  // A worker that has not finished within 10 s ends itself, with another code.
  assert.equal((await consumer.kill("SIGTERM")).code, 0);

  const stored = Number(/stopped stored=(\d+)/.exec(await consumer.says(/stopped/))![1]);
  assert.equal(await backlog.behind(), 60_000 - stored);
  await using _next = backlog.consume();
  await backlog.rows(60_000);
  const [{ ids }] = await backlog
    .sql`select count(distinct update_id)::int as ids from websocket.order_book_data`;
  assert.equal(ids, 60_000);
});

Deno.test("a consumer that was killed is replaced once its session is over", async () => {
  await using backlog = await backlogOf(book);
  await backlog.send(ticks(0, 100));
  await using killed = backlog.consume();
  await backlog.rows(100);
  const start = performance.now();
  await killed.kill("SIGKILL");
  await using _next = backlog.consume();
  await backlog.send(ticks(100, 1));
  await backlog.rows(101);
  // The session lasts 10 s, on an idle machine the whole 11: a broker that waited as long as it does by default takes 60.
  const seconds = (performance.now() - start) / 1_000;
  assert.ok(seconds < 50, `${seconds} s`);
});
