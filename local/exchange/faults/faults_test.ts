import assert from "node:assert/strict";
import { usualMarket } from "../../../shared/exchange/markets/mod.ts";
import { book } from "../../../shared/streams/book.ts";
import { sleep } from "../../../shared/wait.ts";
import type { SimulatedFeed } from "../feed.ts";
import { type ExchangeOptions, startExchange } from "../server.ts";
import { connect, connectRaw, until } from "../test_client.ts";

const feed: SimulatedFeed = {
  kind: "simulated",
  symbols: ["BTCUSDT", "ETHUSDT"],
  intervals: ["1m"],
  rate: 2_000,
  seed: 7,
};
const exchangeOf = (options: Partial<ExchangeOptions> = {}) => startExchange({ feed, ...options });
const both = "/public/stream?streams=btcusdt@bookTicker/ethusdt@bookTicker";
/** What Deno's client reports where RFC 6455 has 1006. */
const brokenOff = 0;
const counts = (frames: string[], stream: string) =>
  frames.filter((text) => text.includes(`"${stream}"`)).length;

Deno.test("what is no fault is refused", async () => {
  await using exchange = await exchangeOf({ paused: true });
  assert.throws(() => exchange.inject({ fault: "drop", code: 12 }));
  const reply = await fetch(`${exchange.url}/control`, { method: "POST", body: '{"fault":"earthquake"}' });
  assert.equal(reply.status, 400);
  assert.match((await reply.json()).error, /must be one of drop, silence/);
});

Deno.test("connections are dropped with no closing handshake, or closed with a code, all or some of them", async () => {
  await using exchange = await exchangeOf();
  using first = await connect(exchange, "/public/ws");
  using second = await connect(exchange, "/public/ws");
  using third = await connect(exchange, "/market/ws");
  exchange.inject({ fault: "drop", connection: 1 });
  assert.equal((await second.closed).code, brokenOff);
  exchange.inject({ fault: "drop", route: "market", code: 1008 });
  assert.equal((await third.closed).code, 1008);
  assert.equal(first.socket.readyState, WebSocket.OPEN);
  assert.deepEqual(exchange.status().ended, { fault: 2 });
  assert.deepEqual(exchange.status().faults, { drop: 2 });
});

Deno.test("a silent connection stays open, sends nothing and answers nothing until the silence ends", async () => {
  await using exchange = await exchangeOf({ rules: { pingEvery: 20 } });
  using client = await connect(exchange, both);
  await client.received(10);
  exchange.inject({ fault: "silence", ms: 60_000 });
  // What was sent before is on its way.
  const before = exchange.status().sentByKind.bookTicker;
  await client.received(before);
  client.socket.send('{"method":"LIST_SUBSCRIPTIONS","id":5}');
  await until(() => exchange.status().faults.withheld > 100, "frames to be withheld");
  assert.deepEqual([client.frames.length, client.socket.readyState], [before, WebSocket.OPEN]);
  exchange.inject({ fault: "silence", ms: 1 });
  await client.received(before + 10);
  const { withheld, silence } = exchange.status().faults;
  assert.ok(withheld > 100 && silence === 2);
});

Deno.test("one stream of many is mute until it is subscribed to again", async () => {
  await using exchange = await exchangeOf();
  using client = await connect(exchange, both);
  exchange.inject({ fault: "mute", stream: "btcusdt@bookTicker" });
  // What comes before the reply was sent before it.
  await client.ask({ method: "LIST_SUBSCRIPTIONS", id: 2 });
  const muted = counts(client.frames, "btcusdt@bookTicker");
  await client.received(client.frames.length + 50);
  assert.equal(counts(client.frames, "btcusdt@bookTicker"), muted);
  await client.ask({ method: "SUBSCRIBE", params: ["btcusdt@bookTicker"], id: 1 });
  await until(() => counts(client.frames, "btcusdt@bookTicker") > muted, "the muted stream");
});

Deno.test("a mute stream may need a new connection, or have no cure and end by itself", async () => {
  await using exchange = await exchangeOf();
  const stream = "btcusdt@bookTicker";
  using old = await connect(exchange, "/public/stream");
  exchange.inject({ fault: "mute", stream, cure: "reconnect" });
  await old.ask({ method: "SUBSCRIBE", params: [stream], id: 1 });
  using fresh = await connect(exchange, `/public/stream?streams=${stream}`);
  await fresh.received(10);
  assert.equal(old.frames.length, 1);

  exchange.inject({ fault: "mute", stream, cure: "none", ms: 60_000 });
  using later = await connect(exchange, "/public/stream");
  assert.equal(
    await later.ask({ method: "SUBSCRIBE", params: [stream], id: 2 }),
    '{"result":null,"id":2}',
  );
  await sleep(100);
  assert.equal(later.frames.length, 1);
  exchange.inject({ fault: "mute", stream, cure: "none", ms: 1 });
  await later.received(10);
});

Deno.test("handshakes and REST requests are refused, with Retry-After", async () => {
  await using exchange = await exchangeOf();
  for (const status of [418, 429, 451, 503] as const) {
    exchange.inject({ fault: "refuse", status, ms: 60_000, retryAfter: 7 });
    await assert.rejects(connect(exchange, both), new RegExp(String(status)));
    const ping = await fetch(exchange.url + usualMarket.paths.ping);
    assert.deepEqual([ping.status, ping.headers.get("retry-after")], [status, "7"]);
    assert.equal(typeof (await ping.json()).code, "number");
    // A client gets Retry-After by REST, since a failed handshake shows it only the status.
    const headers = { Upgrade: "websocket", Connection: "Upgrade" };
    const again = await fetch(exchange.url + both, { headers });
    await again.body?.cancel();
    assert.deepEqual([again.status, again.headers.get("retry-after")], [status, "7"]);
  }
  assert.equal(exchange.status().faults.refuse, 12);
  exchange.inject({ fault: "clear" });
  using client = await connect(exchange, both);
  await client.received(1);
});

Deno.test("connections are closed at a set age", async () => {
  await using exchange = await exchangeOf();
  exchange.inject({ fault: "age", ms: 200 });
  const start = performance.now();
  using client = await connect(exchange, both);
  assert.equal((await client.closed).code, 1001);
  const age = performance.now() - start;
  assert.ok(age >= 195, `${age} ms`);
});

Deno.test("damaged frames come beside the good ones, all of which come too", async () => {
  const messages = 4_000;
  await using exchange = await exchangeOf({ feed: { ...feed, messages }, paused: true, pace: "max" });
  using client = await connect(exchange, both);
  exchange.inject({ fault: "garbage", frames: 100, every: 3 });
  exchange.inject({ fault: "truncated", frames: 100 });
  exchange.inject({ fault: "huge", frames: 1 });
  exchange.start();
  await exchange.finished;
  const sent = exchange.status().sentByKind.bookTicker;
  await client.received(sent + 201);
  assert.deepEqual(exchange.status().faults, { garbage: 100, truncated: 100, huge: 1 });
  const good = client.frames.filter((text) => {
    try {
      return book.feed!.wire.safeParse(JSON.parse(text).data).success;
    } catch {
      return false;
    }
  });
  const truth = (await Array.fromAsync(exchange.truth())).filter(({ stream }) =>
    stream.endsWith("bookTicker")
  );
  assert.deepEqual(good.map((text) => JSON.parse(text)), truth);
});

Deno.test("frames come twice or in another order, and none is lost", async () => {
  await using exchange = await exchangeOf({ feed: { ...feed, messages: 2_000 }, paused: true, pace: "max" });
  using client = await connect(exchange, both);
  exchange.inject({ fault: "reordered", frames: 50, every: 2 });
  exchange.inject({ fault: "duplicated", frames: 50 });
  exchange.start();
  await exchange.finished;
  const truth = (await Array.fromAsync(exchange.truth())).filter(({ stream }) =>
    stream.endsWith("bookTicker")
  );
  await client.received(truth.length + 50);
  assert.deepEqual(exchange.status().faults, { reordered: 50, duplicated: 50 });
  const ids = client.frames.map((text): number => JSON.parse(text).data.u);
  const steps = ids.slice(1).map((id, i) => Math.sign(id - ids[i]));
  assert.equal(steps.filter((step) => step < 0).length, 50);
  assert.equal(steps.filter((step) => step === 0).length, 50);
  assert.deepEqual([...new Set(ids)].sort((a, b) => a - b), truth.map(({ data }) => data.u));
});

Deno.test("a slow connection gets its frames late, or is cut off when too many wait", async () => {
  await using exchange = await exchangeOf({ rules: { backlogBytes: 60_000 } });
  using client = await connect(exchange, both);
  await client.received(10);
  const start = performance.now();
  exchange.inject({ fault: "slow", bytesPerSecond: 20_000, ms: 600_000 });
  const before = exchange.status().sentByKind.bookTicker;
  await client.received(before + 10);
  const late = client.frames.slice(before).join("").length;
  const most = 20 * (performance.now() - start) + 6_000;
  assert.ok(late < most, `${late} of at most ${most} bytes`);
  assert.equal((await client.closed).code, brokenOff);
  assert.deepEqual(exchange.status().ended, { "slow client": 1 });
});

Deno.test("faults come by a schedule, once or again and again", async () => {
  await using exchange = await exchangeOf({
    schedule: [{ at: 100, every: 100, inject: { fault: "drop" } }, {
      at: 50,
      inject: { fault: "age", ms: 9_000 },
    }],
  });
  for (let i = 0; i < 2; i++) {
    using _ = await connectRaw(exchange, both);
    await until(() => exchange.status().faults.drop > i, "a drop");
  }
});

Deno.test("a notice comes among the data, on the connections that are meant", async () => {
  await using exchange = await exchangeOf();
  using meant = await connect(exchange, both);
  using other = await connect(exchange, "/market/stream?streams=btcusdt@kline_1m");
  const text = '{"e":"serverShutdown","E":1770123456789}';
  exchange.inject({ fault: "notice", text, route: "public" });
  await until(() => meant.frames.includes(text), "the notice");
  await other.received(1);
  assert.ok(!other.frames.includes(text));
  assert.equal(exchange.status().faults.notice, 1);
});
