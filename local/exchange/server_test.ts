import assert from "node:assert/strict";
import { usualMarket } from "../../shared/exchange/markets/mod.ts";
import { sleep } from "../../shared/wait.ts";
import { payloadText } from "./event.ts";
import type { SimulatedFeed } from "./feed.ts";
import { recording } from "./recording.ts";
import { type Exchange, type ExchangeOptions, startExchange } from "./server.ts";
import { connect, connectRaw, until } from "./test_client.ts";
import { recordingTest } from "./test_recording.ts";

const feed: SimulatedFeed = {
  kind: "simulated",
  symbols: ["BTCUSDT", "币安人生USDT"],
  intervals: ["1m"],
  rate: 100,
  seed: 7,
  startTime: Date.UTC(2026, 9, 1),
  messages: 3_000,
};
const exchangeOf = (options: Partial<ExchangeOptions> = {}) =>
  startExchange({ feed, pace: "max", paused: true, ...options });
const truthOf = (exchange: Exchange) => Array.fromAsync(exchange.truth());
const streamsOf = (frames: string[]) => frames.map((text) => JSON.parse(text).stream).filter((name) => name);

async function playOut(exchange: Exchange) {
  exchange.start();
  await exchange.finished;
  await until(() => exchange.status().connections.every(({ backlog }) => backlog === 0), "clients");
}

Deno.test("a path that Binance does not have, and a stream too many, are refused", async () => {
  await using exchange = await exchangeOf({ rules: { streams: 2 } });
  await assert.rejects(connect(exchange, "/secret/ws"), /404/);
  await assert.rejects(connect(exchange, "/ws/a@trade/b@trade/c@trade"), /400/);
  await assert.rejects(startExchange({ feed: { ...feed, intervals: ["7m"] } }), RangeError);
});

Deno.test("a stream of the other route is acknowledged and never sent; an unrouted URL is public", async () => {
  await using exchange = await exchangeOf();
  const both = ["btcusdt@kline_1m", "btcusdt@bookTicker"];
  const sent = new Map<string, Set<string>>();
  for (const path of ["/market/stream", "/public/stream", "/stream"]) {
    const client = await connect(exchange, path);
    const reply = await client.ask({ method: "SUBSCRIBE", params: both, id: 99 });
    assert.equal(reply, '{"result":null,"id":99}');
    assert.equal(
      await client.ask({ method: "LIST_SUBSCRIPTIONS", id: 100 }),
      JSON.stringify({ result: both, id: 100 }),
    );
    client.frames.length = 0;
    sent.set(path, new Set());
    client.socket.onmessage = ({ data }) => sent.get(path)!.add(JSON.parse(data).stream);
  }
  await playOut(exchange);
  await until(() => [...sent.values()].every((streams) => streams.size > 0), "frames");
  assert.deepEqual([...sent.values()].map((streams) => [...streams]), [[both[0]], [both[1]], [both[1]]]);
});

Deno.test("a private URL acknowledges market streams and sends none", async () => {
  await using exchange = await exchangeOf();
  using client = await connect(exchange, "/private/stream?streams=");
  const id = "486bd5d90fe291a7f98cc7a1916164d3";
  const reply = await client.ask({ method: "SUBSCRIBE", params: ["btcusdt@bookTicker"], id });
  assert.equal(reply, `{"result":null,"id":"${id}"}`);
  await playOut(exchange);
  assert.deepEqual([client.frames, exchange.status().sentByKind], [[reply], {}]);
});

Deno.test("a client that sets the property `combined` gets envelopes on a bare connection", async () => {
  await using exchange = await exchangeOf();
  using client = await connect(exchange, "/public/ws/btcusdt@trade");
  await client.ask({ method: "SET_PROPERTY", params: ["combined", true], id: 1 });
  await playOut(exchange);
  const [, first] = await client.received(2);
  assert.equal(JSON.parse(first).stream, "btcusdt@trade");
});

Deno.test("the continuous candles are the candles, and are not in the truth", async () => {
  await using exchange = await exchangeOf();
  const stream = "btcusdt_perpetual@continuousKline_1m";
  using client = await connect(exchange, `/market/ws/${stream}`);
  await playOut(exchange);
  const truth = await truthOf(exchange);
  const candles = truth.filter(({ stream }) => stream === "btcusdt@kline_1m");
  const frames = await client.received(candles.length);
  assert.deepEqual(
    frames.map((text) => JSON.parse(text)),
    candles.map(({ data }) => {
      const { s: _, ...k } = data.k as Record<string, unknown>;
      return { e: "continuous_kline", E: data.E, ps: "BTCUSDT", ct: "PERPETUAL", k };
    }),
  );
  assert.ok(!truth.some((message) => message.stream === stream));
});

Deno.test("all of a stream is sent, enveloped or bare, and counted", async () => {
  await using exchange = await exchangeOf();
  const name = "币安人生usdt@bookTicker";
  using combined = await connect(exchange, `/public/stream?streams=${encodeURIComponent(name)}`);
  using bare = await connect(exchange, `/public/ws/${encodeURIComponent(name)}`);
  await playOut(exchange);
  const truth = (await truthOf(exchange)).filter(({ stream }) => stream === name);
  await bare.received(truth.length);
  assert.deepEqual((await combined.received(truth.length)).map((text) => JSON.parse(text)), truth);
  const own = bare.frames.map((text) => JSON.parse(text));
  // The second connection of a route has a clock that is 1 ms ahead.
  assert.deepEqual(own, truth.map(({ data }) => ({ ...data, E: data.E as number + 1 })));
  const { played, isFinished, playedByKind, sentByKind } = exchange.status();
  assert.deepEqual([played, isFinished, sentByKind], [3_000, true, { bookTicker: 2 * truth.length }]);
  assert.equal(Object.values(playedByKind).reduce((sum, count) => sum + count), 3_000);
});

Deno.test("what is unsubscribed is sent no more", async () => {
  await using exchange = await exchangeOf();
  using client = await connect(exchange, "/public/stream?streams=btcusdt@bookTicker/btcusdt@trade");
  await client.ask({ method: "UNSUBSCRIBE", params: ["btcusdt@bookTicker"], id: 1 });
  await playOut(exchange);
  await until(() => client.frames.length > 10, "trades");
  assert.deepEqual(new Set(streamsOf(client.frames)), new Set(["btcusdt@trade"]));
});

Deno.test("a client that reads too slowly is cut off, and the others are not", async () => {
  const rate = 200_000;
  await using exchange = await exchangeOf({
    feed: { ...feed, messages: undefined, rate },
    pace: { speed: 1 },
    rules: { backlogBytes: 200_000 },
  });
  using _slow = await connectRaw(exchange, "/public/ws/btcusdt@bookTicker");
  using quick = await connect(exchange, "/public/ws/btcusdt@trade");
  exchange.start();
  await until(() => exchange.status().ended["slow client"] === 1, "the slow client's end");
  assert.equal(quick.socket.readyState, WebSocket.OPEN);
});

Deno.test("a client that asks too much is sent away", async () => {
  await using exchange = await exchangeOf();
  using client = await connect(exchange, "/ws");
  for (let id = 0; id < 25; id++) client.socket.send(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id }));
  const { code, reason } = await client.closed;
  assert.deepEqual([code, reason], [1008, "Too many requests"]);
});

Deno.test("a URL may name 1,024 streams, and no more", async () => {
  await using exchange = await exchangeOf();
  const path = (count: number) =>
    "/market/ws/" + Array.from({ length: count }, (_, i) => `coin${i}usdt@kline_1m`).join("/");
  await assert.rejects(connect(exchange, path(1_025)), /400/);
  using _client = await connect(exchange, path(1_024));
  assert.equal(exchange.status().connections[0].streams.length, 1_024);
});

Deno.test("clients are pinged, and ended when they do not answer or are too old", async () => {
  await using exchange = await exchangeOf({ rules: { pingEvery: 150, pongWithin: 2_000 } });
  using silent = await connectRaw(exchange, "/ws");
  using client = await connect(exchange, "/ws");
  // Pongs that answer no ping do not help it.
  const pong = new Uint8Array([0x8a, 0x80, 0, 0, 0, 0]);
  const pongs = setInterval(() => silent.write(pong).catch(() => {}), 200);
  await until(() => exchange.status().ended["silent client"] === 1, "the silent client's end");
  clearInterval(pongs);
  assert.equal((await silent.read(new Uint8Array(1))) && exchange.status().connections.length, 1);
  exchange.inject({ fault: "age", ms: 1 });
  assert.equal((await client.closed).code, 1001);
  assert.deepEqual(exchange.status().ended, { "silent client": 1, age: 1 });
});

Deno.test("REST's klines are the streams'", async () => {
  await using exchange = await exchangeOf({ feed: { ...feed, rate: 5 } });
  await playOut(exchange);
  const klines = (await truthOf(exchange)).map(({ data }) => data.k as Record<string, string>).filter((k) =>
    k?.s === "BTCUSDT"
  );
  const last = new Map(
    klines.map((k) => [k.t, [k.t, k.o, k.h, k.l, k.c, k.v, k.T, k.q, k.n, k.V, k.Q, "0"]]),
  );
  const reply = await fetch(`${exchange.url}${usualMarket.paths.klines}?symbol=BTCUSDT&interval=1m`);
  const rows = await reply.json();
  assert.ok(rows.length > 8);
  assert.deepEqual(rows.slice(0, last.size), [...last.values()]);
  const bad = await fetch(`${exchange.url}${usualMarket.paths.klines}?symbol=XUSDT&interval=1m`);
  assert.deepEqual([bad.status, await bad.text()], [400, '{"code":-1121,"msg":"Invalid symbol."}']);
  const { serverTime } = await (await fetch(exchange.url + usualMarket.paths.time)).json();
  assert.equal(serverTime, Math.max(...(await truthOf(exchange)).map(({ data }) => data.E as number)));
});

Deno.test("it is started and paused over HTTP, and its status and truth are read there", async () => {
  await using exchange = await exchangeOf();
  const post = (body: string) => fetch(`${exchange.url}/control`, { method: "POST", body });
  const wrong = await post('{"command":"explode"}');
  assert.match((await wrong.json()).error, /expected one of/);
  const started = await (await post('{"command":"start"}')).json();
  assert.equal(started.isPlaying, true);
  await exchange.finished;
  await (await post('{"command":"pause"}')).body?.cancel();
  const status = await (await fetch(`${exchange.url}/control/status`)).json();
  assert.deepEqual(status, JSON.parse(JSON.stringify(exchange.status())));
  const lines = (await (await fetch(`${exchange.url}/control/truth`)).text()).trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), await truthOf(exchange));
  assert.equal(lines.length, 3_000);
});

Deno.test("a client that has gone is forgotten, though nothing was to be sent to it", async () => {
  await using exchange = await exchangeOf();
  (await connectRaw(exchange, "/public/ws/btcusdt@trade")).close();
  await until(() => exchange.status().ended.client === 1, "the client's end");
  assert.equal(exchange.status().connections.length, 0);
});

Deno.test("an exchange that was ended leaves its port and its clients", async () => {
  const exchange = await exchangeOf();
  using client = await connect(exchange, "/ws");
  await exchange[Symbol.asyncDispose]();
  assert.equal((await client.closed).code, 1001);
  await using _next = await exchangeOf({ port: exchange.port });
});

recordingTest(
  "all 120,081 messages of a recording are played in order and to the letter",
  "usdm_bookTicker_2024-08-08.jsonl.gz",
  async (file) => {
    const symbols = ["BTCUSDT", "ETHUSDT"];
    await using exchange = await exchangeOf({ feed: { kind: "replayed", file, symbols } });
    using client = await connect(exchange, "/public/stream?streams=btcusdt@bookTicker/ethusdt@bookTicker");
    await playOut(exchange);
    await client.received(120_081);
    let i = 0;
    for await (const event of recording(file)) {
      assert.equal(client.frames[i++], `{"stream":"${event.stream}","data":${payloadText(event, 0)}}`);
    }
    await sleep(50);
    assert.deepEqual([i, client.frames.length, exchange.status().played], [120_081, 120_081, 120_081]);
  },
);
