import assert from "node:assert/strict";
import { startExchange } from "../../local/exchange/server.ts";
import { usualMarket } from "../../shared/exchange/markets/mod.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { silent } from "../../tests/silent.ts";
import { createExchangeClock } from "./exchange_clock.ts";

/** An exchange that is `ahead` ms of ours, answers after twice `delay` ms, and at first is away. */
const usualExchange = {
  ...{ ahead: 0, delay: 100, awayFor: 0 },
  answer: (time: number): unknown => ({ serverTime: time }),
};

/** Runs a task beside a clock of an exchange, which the task may change. */
function withClock<T>(
  changes: Partial<typeof usualExchange>,
  task: (
    clock: ReturnType<typeof createExchangeClock>,
    exchangeNow: () => number,
    exchange: typeof usualExchange,
  ) => Promise<T>,
): Promise<T> {
  const exchange = { ...usualExchange, ...changes };
  return inFastTime(async () => {
    const start = Date.now();
    const realFetch = globalThis.fetch;
    globalThis.fetch = async () => {
      if (Date.now() - start < exchange.awayFor) throw new Error("away");
      await sleep(exchange.delay);
      const time = Date.now() + exchange.ahead;
      await sleep(exchange.delay);
      return Response.json(exchange.answer(time));
    };
    const stop = new AbortController();
    const clock = createExchangeClock("http://exchange/time", createRequestPause(), silent);
    const running = clock.run(stop.signal);
    try {
      return await task(clock, () => Date.now() + exchange.ahead, exchange);
    } finally {
      stop.abort();
      await running;
      globalThis.fetch = realFetch;
    }
  });
}

const never = new AbortController().signal;

Deno.test("until the exchange has answered its time can be any", async () => {
  await withClock({ awayFor: 30_000 }, async (clock) => {
    assert.deepEqual([clock.earliest(), clock.latest()], [-Infinity, Infinity]);
    const start = Date.now();
    await clock.known(never);
    const took = Date.now() - start;
    assert.ok(took >= 30_000 && took < 33_000, `${took} ms`);
  });
});

Deno.test("an answer without a time is none", async () => {
  await withClock({ answer: () => ({ code: -1_003 }) }, async (clock) => {
    await sleep(60_000);
    assert.equal(clock.latest(), Infinity);
  });
});

Deno.test("the exchange's time is between the two, however far it is from ours, and they stay near each other", async () => {
  for (const ahead of [-5_000, 0, 7_000]) {
    await withClock({ ahead, delay: 100 }, async (clock, exchangeNow) => {
      await clock.known(never);
      for (let n = 0; n < 100; n++, await sleep(60_000)) {
        assert.ok(clock.earliest() <= exchangeNow() && exchangeNow() <= clock.latest());
        assert.ok(clock.latest() - clock.earliest() <= 300);
      }
    });
  }
});

Deno.test("after a slow first answer the exchange is soon asked again, and its time is as exact as the best answer", async () => {
  await withClock({ delay: 800 }, async (clock, _, exchange) => {
    await clock.known(never);
    assert.ok(clock.latest() - clock.earliest() > 1_500);
    exchange.delay = 20;
    await sleep(1_000);
    assert.ok(clock.latest() - clock.earliest() < 50, `${clock.latest() - clock.earliest()} ms`);
  });
});

Deno.test("after the machine has slept the exchange's time is not known until it is asked again", async () => {
  await withClock({}, async (clock, exchangeNow) => {
    await clock.known(never);
    const awake = Date.now;
    Date.now = () => awake() + 3_600_000;
    assert.deepEqual([clock.earliest(), clock.latest()], [-Infinity, Infinity]);
    await sleep(61_000);
    assert.ok(clock.earliest() <= exchangeNow() && exchangeNow() <= clock.latest());
  });
});

Deno.test("an answer that contradicts what was known takes its place, though it is less exact", async () => {
  await withClock({}, async (clock, exchangeNow, exchange) => {
    await clock.known(never);
    for (const ahead of [3_600_000, 0]) {
      Object.assign(exchange, { ahead, delay: exchange.delay + 500 });
      await sleep(65_000);
      assert.ok(clock.earliest() <= exchangeNow() && exchangeNow() <= clock.latest());
    }
  });
});

Deno.test("who waits for the time no longer waits once all ends", async () => {
  await withClock({ awayFor: 1e9 }, async (clock) => {
    await clock.known(AbortSignal.abort());
    assert.equal(clock.earliest(), -Infinity);
  });
});

Deno.test("the exchange's time is not known before it has answered, and then to whole ms", async () => {
  const feed = { kind: "simulated", symbols: ["BTCUSDT"], intervals: [], rate: 1, seed: 1 } as const;
  await using exchange = await startExchange({ feed, paused: true });
  const clock = createExchangeClock(`${exchange.url}${usualMarket.paths.time}`, createRequestPause(), silent);
  assert.deepEqual([clock.earliest(), clock.latest()], [-Infinity, Infinity]);
  const stop = new AbortController();
  const running = clock.run(stop.signal);
  await clock.known(stop.signal);
  const [earliest, latest] = [clock.earliest(), clock.latest()];
  // The simulated exchange has this machine's clock.
  assert.ok(earliest <= Date.now() && Date.now() - 1_000 < latest, `${earliest} … ${latest}`);
  assert.ok(Number.isInteger(earliest) && Number.isInteger(latest), `${earliest} … ${latest}`);
  stop.abort();
  await running;
});
