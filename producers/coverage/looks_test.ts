import assert from "node:assert/strict";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { silent } from "../../tests/silent.ts";
import { confirmSilences } from "./looks.ts";
import type { SilentFeed } from "./session.ts";

/**
 * Looks at silent feeds for `ms`; REST gives the newest id of each symbol, and a message is an id. Returns the symbols that were asked
 * for and the feeds that were confirmed, with the time.
 */
function look(
  ms: number,
  feeds: readonly SilentFeed[],
  newestId: (symbol: string) => number,
  status = 200,
  used = 0,
  code?: number,
) {
  return inFastTime(async () => {
    const requestPause = createRequestPause(720);
    requestPause.note(
      200,
      new Headers({ date: "Sun, 01 Nov 2026 12:00:20 GMT", "x-mbx-used-weight-1m": String(used) }),
    );
    assert.equal(requestPause.leftFor(1), 0);
    const start = Date.now();
    const asked: string[] = [];
    const confirmed: { feed: string; at: number }[] = [];
    const realFetch = globalThis.fetch;
    globalThis.fetch = (url) => {
      const symbol = new URL(String(url)).searchParams.get("symbol")!;
      asked.push(symbol);
      return Promise.resolve(
        Response.json(code ? { code } : { id: newestId(symbol) }, {
          status,
          headers: status === 429 ? { "retry-after": "60" } : {},
        }),
      );
    };
    const stop = new AbortController();
    const looking = confirmSilences<number>(
      [{ silent: () => [...feeds], confirmed: (feed, at) => void confirmed.push({ feed, at: at - start }) }],
      { path: "ticker24h", isQuiet: (answer, last) => (answer as { id: number }).id === last },
      "http://exchange/ticker",
      new Map(feeds.map(({ feed }) => [feed, feed.toUpperCase()])),
      { earliest: () => Date.now(), latest: () => Date.now() },
      requestPause,
      silent,
      stop.signal,
    );
    try {
      await sleep(ms);
      stop.abort();
      await looking;
    } finally {
      globalThis.fetch = realFetch;
    }
    return { asked, confirmed };
  });
}
const silentFeed = (feed: string, message: number, isUrgent = false): SilentFeed => ({
  feed,
  since: 0,
  message,
  isUrgent,
});

Deno.test("a feed is confirmed to a second before the look if its last message is the newest, and else is not", async () => {
  const { confirmed } = await look(900, [silentFeed("a", 7), silentFeed("b", 8)], () => 7);
  assert.deepEqual(confirmed, [{ feed: "a", at: -1_000 }]);
});

Deno.test("a feed of a symbol that the exchange does not know is confirmed, as nothing happens of it; another refusal tells nothing", async () => {
  const confirmedBy = async (status: number, code?: number) =>
    (await look(400, [silentFeed("a", 7)], () => 7, status, 0, code)).confirmed.length;
  assert.equal(await confirmedBy(400, -1121), 1);
  assert.equal(await confirmedBy(400, -1102), 0);
  assert.equal(await confirmedBy(400), 0);
  assert.equal(await confirmedBy(403, -1121), 0);
});

Deno.test("feeds are looked at in turn, two a second, and those that may have been dead first", async () => {
  const feeds = [silentFeed("a", 0), silentFeed("b", 0), silentFeed("c", 0, true)];
  const { asked } = await look(9_900, feeds.slice(0, 2), () => 1);
  assert.deepEqual([asked.length, ...asked.slice(0, 4)], [20, "A", "B", "A", "B"]);
  const urgent = await look(1_900, feeds, () => 1);
  assert.deepEqual(urgent.asked, ["C", "A", "B", "C"]);
});

Deno.test("an exchange that asks to wait is not asked meanwhile, and nothing is confirmed", async () => {
  const { asked, confirmed } = await look(50_000, [silentFeed("a", 7)], () => 7, 429);
  assert.deepEqual([asked.length, confirmed], [1, []]);
});

Deno.test("looks leave weight to the watchdogs at any moment of the minute, as their looks find a mute feed", async () => {
  const askedOf = async (used: number) =>
    (await look(400, [silentFeed("a", 7)], () => 7, 200, used)).asked.length;
  assert.equal(await askedOf(178), 1);
  assert.equal(await askedOf(179), 0);
});

Deno.test("while repairs and imports use more than looks may, a feed is looked at every 5 s, and the watchdogs have weight left", async () => {
  const askedOf = async (used: number) =>
    (await look(39_900, [silentFeed("a", 7)], () => 7, 200, used)).asked.length;
  assert.equal(await askedOf(648), 7, "nine tenths are used");
  assert.equal(await askedOf(679), 0);
});
