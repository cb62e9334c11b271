import assert from "node:assert/strict";
import { usualMarket } from "../../shared/exchange/markets/mod.ts";
import { type RestAnswer, RestRefusal } from "../../shared/exchange/rest.ts";
import type { Outlet } from "../../shared/outlet/outlet.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import { trade } from "../../shared/streams/trade.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { silent } from "../../tests/silent.ts";
import type { Range } from "./ranges.ts";
import { asksOf } from "./refill.ts";

const range: Range = {
  ...{
    stream: "trade",
    feed: "btcusdt@aggTrade",
    symbol: "BTCUSDT",
    first: 1,
    last: 1_500,
    positions: 1_500,
  },
  ...{ startsAt: 5, finalAt: 10, reachEndsAt: 1_000 },
};
const row = (a: number) => ({ a, p: "1.0", q: "2", f: a, l: a, T: a, m: false });
const rows = (first: number, count: number) => Array.from({ length: count }, (_, i) => row(first + i));
const signal = new AbortController().signal;

/** What to ask, of an exchange that gives these answers one after the other; and what was done, in order. */
function asking(
  answers: (RestAnswer | Error)[],
  wrong: readonly number[] = [],
  isKafkaDown = false,
  askMs = 0,
) {
  const done: string[] = [];
  const receivedAt: number[] = [];
  let pushed: number[] = [];
  const outlet = {
    push({ value }) {
      const message = trade.message.codec.decode(String(value));
      pushed.push(message.aggTradeId);
      receivedAt.push(message.receivedAt);
    },
    flush() {
      done.push(`sent ${pushed.length === 0 ? "nothing" : `${pushed[0]} to ${pushed.at(-1)}`}`);
      pushed = [];
      return isKafkaDown ? Promise.reject(new Error("down")) : Promise.resolve();
    },
  } as Partial<Outlet> as Outlet;
  const asks = asksOf({
    streams: [trade as unknown as Stream<ExchangeMessage>],
    outlets: new Map([["trade", outlet]]),
    client: {
      async ask(path, query, weight) {
        if (askMs > 0) await sleep(askMs);
        done.push(`asked ${path === usualMarket.paths.aggTrades} ${query.fromId} ${weight}`);
        const answer = answers.shift()!;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    ledger: {
      note: ({ first }, upTo, absent) => {
        done.push(`noted ${first} to ${upTo} ${JSON.stringify(absent)}`);
        return Promise.resolve();
      },
      judge: ({ first, last }) => {
        done.push(`judged ${first} to ${last}`);
        return Promise.resolve(wrong);
      },
      noteAudited: ({ first, last }) => {
        done.push(`noted ${first} to ${last}`);
        return Promise.resolve();
      },
    },
    ...{ market: usualMarket, log: silent },
  });
  return { ...asks, done, receivedAt };
}

Deno.test("a range of several answers is noted from its beginning, each time after its rows are on Kafka", async () => {
  const { repair, done } = asking([
    { body: rows(1, 1_000), at: 10 },
    { body: [...rows(1_001, 99), ...rows(1_200, 400)], at: 10 },
  ]);
  assert.deepEqual(await repair(range, signal), { given: 1_400, sent: 1_400, left: undefined });
  assert.deepEqual(done, [
    "asked true 1 20",
    "sent 1 to 1000",
    "noted 1 to 1000 []",
    "asked true 1001 20",
    "sent 1001 to 1500",
    "noted 1 to 1500 [[1100,1199]]",
  ]);
});

Deno.test("a long range is asked for in turns, so that newer ones need not wait for its end, and goes on from where it was", async () => {
  const pages = Array.from({ length: 10 }, (_, n) => ({ body: rows(1 + n * 1_000, 1_000), at: 10 }));
  await inFastTime(async () => {
    const { repair, done } = asking(pages, [], false, 6_000);
    const long = { ...range, last: 10_000, positions: 10_000 };
    assert.equal((await repair(long, signal))!.given, 4_000);
    // The ledger does not know yet what is stored, or knows a part of it.
    assert.equal((await repair(long, signal))!.given, 4_000);
    assert.equal((await repair({ ...long, first: 3_001, startsAt: 8 }, signal))!.given, 2_000);
    assert.deepEqual(done.filter((what) => what.startsWith("asked")).map((what) => what.split(" ")[2]), [
      ...["1", "1001", "2001", "3001", "4001", "5001", "6001", "7001", "8001", "9001"],
    ]);
    assert.equal(done.at(-1), "noted 3001 to 10000 []");
  });
});

Deno.test("what is left of a range says nothing of an earlier gap that ends at the same trade, nor of a range that is begun anew", async () => {
  await inFastTime(async () => {
    const answers = [1, 1_001, 2_001, 3_001].map((first) => ({ body: rows(first, 1_000), at: 10 }));
    const { repair, done } = asking([...answers, ...answers, ...answers], [], false, 6_000);
    const long = { ...range, last: 10_000, positions: 10_000 };
    await repair(long, signal);
    await repair({ ...long, startsAt: 4 }, signal);
    await repair({ ...long, first: 9_001 }, signal);
    assert.deepEqual(done.filter((what) => /^asked true (1|4001|9001) /.test(what)), [
      ...["asked true 1 20", "asked true 1 20", "asked true 9001 20"],
    ]);
  });
});

Deno.test("what is fetched has the exchange's time where our clock is wrong: a later version would never take the place of one of tomorrow", async () => {
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const day = 86_400_000;
  for (const [at, expected] of [[now - day, now - day], [now + day, now + day], [now - 2_000, undefined]]) {
    const { repair, receivedAt } = asking([{ body: [row(1)], at: at! }]);
    await repair({ ...range, last: 1, reachEndsAt: Infinity }, signal);
    assert.equal(receivedAt.length, 1);
    if (expected) assert.equal(receivedAt[0], expected);
    else assert.ok(receivedAt[0] >= now, "our clock has milliseconds");
  }
});

Deno.test("of a symbol that the exchange does not know any more all is absent, once it says so again and some time has passed", async () => {
  const refusedAt = (at: number) => new RestRefusal(-1121, "Invalid symbol.", at);
  await inFastTime(async () => {
    const { repair, done } = asking([600_009, 600_009, 600_010].map(refusedAt));
    for (const seconds of [30, 60]) {
      assert.equal(await repair(range, signal), undefined);
      await sleep(1_000 * seconds);
    }
    assert.deepEqual(await repair(range, signal), { given: 0, sent: 0, left: undefined });
    assert.equal(done.at(-1), "noted 1 to 1500 [[1,1500]]");
    const other = asking([refusedAt(600_010)]);
    assert.equal(await other.repair(range, signal), undefined, "it may be a mistake");
  });
});

Deno.test("of trades after which none is known what there is up to now is stored, and nothing is absent, not even where the symbol is no more", async () => {
  await inFastTime(async () => {
    const { repair, done } = asking([
      ...[{ body: [row(1), row(3)], at: 10 }, { body: [], at: 10 }, { body: [], at: 10 }],
      ...[1, 2].map(() => new RestRefusal(-1121, "Invalid symbol.", 600_010)),
    ]);
    for (let time = 0; time < 4; time++) {
      assert.equal(await repair({ ...range, last: Number.MAX_SAFE_INTEGER }, signal), undefined);
      await sleep(300_000);
    }
    assert.deepEqual(done.filter((what) => !what.startsWith("asked")), [
      "sent 1 to 3",
      "noted 1 to 3 [[2,2]]",
    ]);
  });
});

Deno.test("what an answer has is stored though it ends early, and the rest is asked for again", async () => {
  const { repair, putOff, done } = asking([{ body: rows(1, 5), at: 10 }, { body: [], at: 10 }]);
  assert.equal(await repair(range, signal), undefined);
  assert.deepEqual(done, ["asked true 1 20", "sent 1 to 5", "noted 1 to 5 []", "asked true 6 20"]);
  assert.deepEqual(putOff(), ["trade btcusdt@aggTrade"]);
});

Deno.test("an answer that can't be used is noted nowhere, and its feed is left alone for a while", async () => {
  for (
    const answer of [
      { body: [{ a: 1 }], at: 10 },
      { body: rows(1, 5), at: 9 },
      { body: rows(2, 5), at: 1_001 },
      { body: [], at: 10 },
      new RestRefusal(-1100, "Illegal", 10),
    ]
  ) {
    const { repair, putOff, done } = asking([answer, { body: rows(1_501, 1), at: 10 }, {
      body: rows(1, 2),
      at: 10,
    }]);
    assert.deepEqual(putOff(), []);
    assert.equal(await repair(range, signal), undefined);
    assert.equal(await repair(range, signal), undefined);
    assert.deepEqual(done, ["asked true 1 20"]);
    assert.deepEqual(putOff(), ["trade btcusdt@aggTrade"]);
    assert.ok(await repair({ ...range, feed: "ethusdt@aggTrade" }, signal), "others are asked for");
    const isRefused = answer instanceof RestRefusal;
    assert.equal(await repair({ ...range, last: 1 }, signal) === undefined, isRefused, "others of the feed");
  }
});

Deno.test("what is compared is sent only where it is otherwise, and is noted once that is on Kafka", async () => {
  const { audit, done } = asking([{ body: [...rows(1, 500), row(1_501)], at: 10 }], [7, 9]);
  assert.deepEqual(await audit(range, signal), { given: 500, sent: 2, left: undefined });
  assert.deepEqual(done, ["asked true 1 20", "judged 1 to 1500", "sent 7 to 9", "noted 1 to 1500"]);
});

Deno.test("what replaces rows and does not get to Kafka is compared again", async () => {
  const { audit, done } = asking([{ body: [...rows(1, 500), row(1_501)], at: 10 }], [7, 9], true);
  assert.equal(await audit(range, signal), undefined);
  assert.equal(done.at(-1), "sent 7 to 9");
});
