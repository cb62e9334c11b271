import assert from "node:assert/strict";
import fc from "fast-check";
import { book } from "../../../shared/streams/book.ts";
import { kline } from "../../../shared/streams/kline.ts";
import { kindOf, type MarketEvent, payloadText } from "../event.ts";
import { decimalText, scaleOf, unitsOf } from "./decimal.ts";
import { spanOf } from "./interval.ts";
import { market, type MarketOptions } from "./market.ts";

const startTime = Date.UTC(2026, 9, 1, 12, 0, 30);
const options: MarketOptions = {
  symbols: ["BTCUSDT", "1000PEPEUSDT", "币安人生USDT", "BTCUSDT_260925"],
  intervals: ["1m", "5m"],
  rate: 40,
  seed: 1,
  startTime,
};

/** The events of the first `minutes` of a market. */
function eventsFor(minutes: number, changes: Partial<MarketOptions> = {}): MarketEvent[] {
  const events: MarketEvent[] = [];
  for (const event of market({ ...options, ...changes })) {
    if (event.time > startTime + minutes * 60_000) return events;
    events.push(event);
  }
  return events;
}

const payloads = (events: MarketEvent[], kind: string) =>
  events.filter(({ stream }) => kindOf(stream) === kind).map((event) => JSON.parse(payloadText(event, 0)));

/** What trades add up to, in the terms of a kline's `k`, computed in another way than the market's own. */
function candleOf(trades: { t: number; p: string; q: string; m: boolean }[]) {
  const [{ p, q }] = trades;
  const base = (some: typeof trades) => some.reduce((sum, { q }) => sum + BigInt(unitsOf(q)), 0n);
  const quote = (some: typeof trades) =>
    some.reduce((sum, { p, q }) => sum + BigInt(unitsOf(p)) * BigInt(unitsOf(q)), 0n);
  const byPrice = trades.map(({ p }) => p).sort((a, b) => unitsOf(a) - unitsOf(b));
  const bought = trades.filter(({ m }) => !m);
  return {
    f: trades[0].t,
    L: trades.at(-1)!.t,
    o: p,
    c: trades.at(-1)!.p,
    h: byPrice.at(-1),
    l: byPrice[0],
    v: decimalText(base(trades), scaleOf(q)),
    n: trades.length,
    q: decimalText(quote(trades), scaleOf(p) + scaleOf(q)),
    V: decimalText(base(bought), scaleOf(q)),
    Q: decimalText(quote(bought), scaleOf(p) + scaleOf(q)),
  };
}

Deno.test("an interval that Binance does not have is refused", () => {
  assert.throws(() => market({ ...options, intervals: ["7m"] }).next(), /must be one of 1m, 3m/);
});

Deno.test("each candle that is sent is the sum of the trades sent before it, to the last digit", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(2, 20), (seed, rate) => {
      const trades = new Map<string, Parameters<typeof candleOf>[0]>();
      let frames = 0;
      for (const event of eventsFor(6, { seed, rate })) {
        const payload = JSON.parse(payloadText(event, 0));
        if (payload.e === "trade") {
          for (const interval of options.intervals) {
            const key = `${payload.s} ${interval} ${spanOf(interval, payload.T).openTime}`;
            trades.set(key, [...trades.get(key) ?? [], payload]);
          }
        }
        const { s, i, t, T, x: _, B: __, ...sums } = payload.k ?? {};
        if (payload.e !== "kline" || sums.n === 0) continue;
        assert.deepEqual(sums, { ...candleOf(trades.get(`${s} ${i} ${t}`)!) });
        assert.deepEqual({ openTime: t, closeTime: T }, spanOf(i, t));
        frames++;
      }
      assert.ok(frames > 20);
    }),
    { numRuns: 6 },
  );
});

Deno.test("a candle without trades repeats the last price and counts nothing", () => {
  const klines = payloads(eventsFor(30, { intervals: ["1m"] }), "kline");
  const empty = klines.filter(({ k }) => k.n === 0);
  assert.ok(empty.length > 0);
  for (const { k } of empty) {
    const before = klines.findLast((one) => one.s === k.s && one.k.t < k.t);
    const { o, h, l, c, v, q, V, Q, f, L, x } = k;
    assert.deepEqual({ f, L, v, q, V, Q, x }, { f: -1, L: -1, v: "0", q: "0", V: "0", Q: "0", x: true });
    for (const price of [o, h, l]) assert.equal(price, c);
    if (before) assert.equal(c, before.k.c);
  }
});

Deno.test("a candle is closed once, 0.2 to 2 s after its end, and changes no more", () => {
  const closed = new Set<string>();
  for (const { E, s, k } of payloads(eventsFor(12), "kline")) {
    const key = `${s} ${k.i} ${k.t}`;
    assert.ok(!closed.has(key), `${key} after its close`);
    if (!k.x) continue;
    closed.add(key);
    assert.ok(E > k.T + 200 && E <= k.T + 2_001, `${E - k.T} ms`);
  }
  assert.equal(closed.size, options.symbols.length * (12 + 2));
});

Deno.test("an open candle is sent when something was traded, at most every 250 ms", () => {
  const last = new Map<string, { E: number; n: number; t: number }>();
  for (const { E, s, k } of payloads(eventsFor(1, { rate: 1_000 }), "kline")) {
    if (k.x) continue;
    const before = last.get(s + k.i);
    if (before) assert.ok(E - before.E >= 250 && (k.t > before.t || k.n > before.n));
    last.set(s + k.i, { E, n: k.n, t: k.t });
  }
});

Deno.test("the same options give the same events, another seed gives others", () => {
  const texts = (seed: number) => eventsFor(1, { seed }).map((event) => payloadText(event, 0));
  assert.deepEqual(texts(5), texts(5));
  assert.notDeepEqual(texts(5), texts(6));
});

Deno.test("update ids rise strictly, also past a restart, between 2^31 and 2^53", () => {
  const ids = (changes: Partial<MarketOptions>) =>
    payloads(eventsFor(0.05, changes), "bookTicker").map(({ u }) => u);
  const before = ids({ rate: 20_000 });
  const after = ids({ startTime: startTime + 3_000 });
  const all = [...before, ...after];
  assert.ok(all.every((id, i) => i === 0 || id > all[i - 1]));
  assert.ok(all[0] > 2 ** 31 && all.at(-1)! < 2 ** 53);
});

Deno.test("consecutive messages often have the same E and T, so that no timestamp is a key", () => {
  const books = payloads(eventsFor(5), "bookTicker");
  const shared = books.filter(({ E, T, s }, i) =>
    i > 0 && books[i - 1].E === E && books[i - 1].T === T && books[i - 1].s === s
  );
  assert.ok(shared.length > books.length * 0.3);
});

Deno.test("some minutes of a symbol pass without a trade, unless quiet minutes are left out", () => {
  const tradedMinutes = (changes: Partial<MarketOptions>) =>
    new Set(payloads(eventsFor(30, changes), "trade").map(({ s, T }) => `${s} ${Math.floor(T / 60_000)}`))
      .size;
  const all = options.symbols.length * 31;
  assert.ok(tradedMinutes({}) < all);
  assert.equal(tradedMinutes({ quietMinutes: false }), all);
});

Deno.test("the rate is kept over all streams", () => {
  for (const rate of [1, 100, 20_000]) {
    const minutes = 20_000 / rate / 60;
    const sent = eventsFor(minutes, { rate }).filter((event) => !event.tail!.includes('"x":true')).length;
    assert.ok(Math.abs(sent / 20_000 - 1) < 0.05, `${sent} at ${rate}/s`);
  }
});

Deno.test("the streams that Bookline reads can read it, with a symbol's own scale", () => {
  const events = eventsFor(2);
  for (const [kind, { feed }] of [["bookTicker", book], ["kline", kline]] as const) {
    const some = payloads(events, kind);
    assert.ok(some.length > 0);
    for (const payload of some) feed!.wire.parse(payload);
  }
  const pepe = payloads(events, "bookTicker").find(({ s }) => s === "1000PEPEUSDT");
  assert.deepEqual([scaleOf(pepe.b), scaleOf(pepe.B)], [7, 0]);
  const dated = payloads(events, "bookTicker").find(({ s }) => s === "BTCUSDT_260925");
  assert.equal(dated.ps, "BTCUSDT");
});
