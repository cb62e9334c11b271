import assert from "node:assert/strict";
import { readConfig } from "../../shared/config/config.ts";
import { book } from "../../shared/streams/book.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import type { Feed } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { silent } from "../../tests/silent.ts";
import { createSocketSource } from "./source.ts";

const SILENCE_MS = 30_000;
const HOUR = 3_600_000;

/**
 * Runs a source for an hour whose exchange sends nothing, answers requests, and says by REST what `trades` gives. Returns the number
 * of handshakes, the requests, the feeds that were lost, and what the source says of the silence.
 */
function hourOfSilence(silence: Feed<unknown>["silence"], trades: () => number) {
  return inFastTime(async () => {
    let handshakes = 0;
    const requests: string[] = [];
    class Exchange {
      static OPEN = 1;
      readyState = 0;
      onopen?: () => void;
      onmessage?: (event: { data: string }) => void;
      constructor() {
        handshakes++;
        setTimeout(() => {
          this.readyState = 1;
          this.onopen?.();
        }, 10);
      }
      send(text: string) {
        const { method, id } = JSON.parse(text);
        requests.push(method);
        setTimeout(() => this.onmessage?.({ data: JSON.stringify({ result: [], id }) }), 10);
      }
      close() {
        this.readyState = 3;
      }
    }
    const real = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };
    Object.assign(globalThis, { WebSocket: Exchange });
    globalThis.fetch = () => Promise.resolve(Response.json({ lastId: trades() }));
    const lost = new Set<string>();
    const nowhere = { push() {} };
    const source = createSocketSource(
      book.message,
      { ...book.feed!, silence },
      [{ url: "ws://exchange/", feeds: ["btcusdt@bookTicker"] }],
      { ...readConfig({}), silenceMs: SILENCE_MS },
      nowhere,
      nowhere,
      [{
        ...{ message() {}, subscribed() {}, endReplacing() {}, asking: () => () => {} },
        lost: (feeds) => feeds.forEach((feed) => lost.add(feed)),
        mute: (feeds) => feeds.forEach((feed) => lost.add(feed)),
      }],
      createRequestPause(),
      silent,
    );
    const stop = new AbortController();
    const running = source.run(stop.signal);
    try {
      await sleep(HOUR);
      const { silence } = source;
      stop.abort();
      await running;
      return { handshakes, requests: new Set(requests), lost: [...lost], silence };
    } finally {
      Object.assign(globalThis, real);
    }
  });
}

const feeds = ["btcusdt@bookTicker"];

Deno.test("a feed that is judged by its trades is lost if they go on, and the connection is replaced", async () => {
  let id = 0;
  const { handshakes, lost, silence } = await hourOfSilence("trades", () => id++);
  assert.ok(handshakes > 1);
  assert.deepEqual(lost, feeds);
  assert.match(silence!, /^no frame for 36\d\d s$/);
});

Deno.test("a feed that is judged by its trades is not lost while nothing trades", async () => {
  const { handshakes, lost } = await hourOfSilence("trades", () => 7);
  assert.deepEqual([handshakes, lost], [1, []]);
});

Deno.test("a feed that always speaks is lost if it is silent, whatever trades", async () => {
  const { handshakes, lost, silence } = await hourOfSilence("always", () => 7);
  assert.ok(handshakes > 1);
  assert.deepEqual(lost, feeds);
  assert.match(silence!, /^no frame for/);
});

Deno.test("a feed whose silence tells nothing is not lost while its connection answers, and nobody is alarmed", async () => {
  let id = 0;
  const { handshakes, requests, lost, silence } = await hourOfSilence("unknown", () => id++);
  assert.deepEqual([handshakes, [...requests], lost, silence], [1, ["LIST_SUBSCRIPTIONS"], [], undefined]);
});
