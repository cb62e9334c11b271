import assert from "node:assert/strict";
import { inFastTime } from "../../tests/fast_time.ts";
import { silent } from "../../tests/silent.ts";
import { sleep } from "../wait.ts";
import { createRequestPause } from "./request_pause.ts";
import { createRestClient, type RestClient, RestRefusal } from "./rest.ts";

type Answer = () => Response | Error;

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => () =>
  new Response(JSON.stringify(body), { status, headers: { date: new Date().toUTCString(), ...headers } });

const never = new AbortController().signal;

/** Runs a task with a client whose requests get these answers, the last one again and again; in time of its own. */
async function withAnswers<T>(
  answers: Answer[],
  task: (client: RestClient, sent: { url: string; at: number }[]) => Promise<T>,
  most = 1_000,
): Promise<T> {
  const real = globalThis.fetch;
  const sent: { url: string; at: number }[] = [];
  globalThis.fetch = (url) => {
    sent.push({ url: String(url), at: Date.now() });
    const made = (answers.length > 1 ? answers.shift()! : answers[0])();
    return made instanceof Error ? Promise.reject(made) : Promise.resolve(made);
  };
  try {
    return await inFastTime(() =>
      task(
        createRestClient({
          ...{ url: "http://exchange", requestPause: createRequestPause(most), keep: 0, log: silent },
        }),
        sent,
      )
    );
  } finally {
    globalThis.fetch = real;
  }
}

Deno.test("an answer is what the JSON says, numbers that are text stay text, and the exchange's time is told", async () => {
  await withAnswers(
    [answer(200, [["1.10"]], { date: "Sun, 01 Nov 2026 12:00:20 GMT" })],
    async (client, sent) => {
      const { body, at } = await client.ask("/rows", { symbol: "币安人生USDT", limit: 5 }, 1, never);
      assert.deepEqual([body, at], [[["1.10"]], Date.UTC(2026, 10, 1, 12, 0, 20)]);
      assert.equal(
        sent[0].url,
        "http://exchange/rows?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&limit=5",
      );
      assert.equal(client.trouble, undefined);
    },
  );
});

Deno.test("what says nothing of the request is tried again until there is an answer, and trouble says what to do", async () => {
  const down: Answer = () => new TypeError("connection refused");
  for (
    const [first, words] of [
      [down, /Cannot ask http:\/\/exchange: .*refused/],
      [answer(503, { code: -1008, msg: "Server is currently overloaded" }), /HTTP 503: it is overloaded/],
      [answer(500, "oops"), /HTTP 500: "oops"/],
      [answer(429, {}, { "retry-after": "3" }), /HTTP 429: .*lower BINANCE_WEIGHT_PERCENT/],
      [answer(403, {}), /HTTP 403: its firewall/],
      [answer(451, {}), /HTTP 451: .*set BINANCE_REST_URL/],
      [() => new Response("<html>", { status: 200 }), /Cannot ask/],
    ] as [Answer, RegExp][]
  ) {
    await withAnswers([first, first, answer(200, [])], async (client, sent) => {
      const asked = client.ask("/rows", {}, 1, never);
      await sleep(100);
      assert.match(client.trouble!.words, words);
      assert.equal(client.trouble!.isLasting, words.source.includes("451"));
      assert.deepEqual((await asked).body, []);
      assert.deepEqual([sent.length, client.requests, client.trouble], [3, 3, undefined]);
    });
  }
});

Deno.test("a ban is never tried before its time", async () => {
  await withAnswers([answer(418, {}, { "retry-after": "120" }), answer(200, [])], async (client, sent) => {
    await client.ask("/rows", {}, 1, never);
    assert.ok(sent[1].at - sent[0].at >= 120_000, `${sent[1].at - sent[0].at}`);
  });
});

Deno.test("a ban is kept to though its answer breaks off", async () => {
  const broken: Answer = () =>
    new Response(new ReadableStream({ start: (body) => body.error(new Error("connection reset")) }), {
      ...{ status: 418, headers: { "retry-after": "120" } },
    });
  await withAnswers([broken, answer(200, [])], async (client, sent) => {
    await client.ask("/rows", {}, 1, never);
    assert.ok(sent[1].at - sent[0].at >= 120_000, `${sent[1].at - sent[0].at}`);
  });
});

Deno.test("a refusal of what is asked is thrown with the exchange's words, and is not tried again", async () => {
  await withAnswers([answer(400, { code: -1121, msg: "Invalid symbol." })], async (client, sent) => {
    await assert.rejects(
      client.ask("/rows", {}, 1, never),
      (error) =>
        error instanceof RestRefusal && error.code === -1121 &&
        /HTTP 400: Invalid symbol\./.test(error.message),
    );
    assert.deepEqual([sent.length, client.trouble], [1, undefined]);
  });
});

Deno.test("requests are sent one after the other, and no more of them than the weight of a minute allows", async () => {
  let used = 0;
  const counted: Answer = () => answer(200, [], { "x-mbx-used-weight-1m": String(used += 20) })();
  await withAnswers([counted], async (client, sent) => {
    const started = Date.now();
    await Promise.all(Array.from({ length: 5 }, () => client.ask("/rows", {}, 20, never)));
    assert.deepEqual(sent.map(({ at }) => at - started < 1_000), [true, true, true, true, true]);
    const waiting = client.ask("/rows", {}, 20, never);
    await sleep(500);
    assert.equal(sent.length, 5, "100 are used");
    used = 0;
    await waiting;
    assert.equal(sent.length, 6);
  }, 100);
});

Deno.test("a client that is told to stop gives up, in a pause or in a request", async () => {
  await withAnswers([answer(418, {})], async (client) => {
    const stop = new AbortController();
    const asked = client.ask("/rows", {}, 1, stop.signal);
    await sleep(1_000);
    stop.abort();
    await assert.rejects(asked);
  });
});
