import assert from "node:assert/strict";
import { silent } from "../../tests/silent.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { keepConnected } from "./connection.ts";
import type { Finding } from "./watchdog.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";

const minute = 60_000;

/** What became of a connection whose exchange admits the first client and refuses the others, at least for a while. */
interface Story {
  /** When handshakes were tried, in ms from the start. */
  readonly handshakes: number[];
  /** When the connection was told to be down. */
  readonly downs: number[];
  /** The methods of the requests that were sent, and how many answers the watchdog was told of. */
  readonly requests: string[];
  answers: number;
  /** How often the connection told that it has answered what it was asked, and that feeds are subscribed again. */
  answersToQuestions: number;
  subscribed: number;
}

/** Keeps a connection that is to be replaced after a minute, for `ms`. */
function keep(
  ms: number,
  given: {
    refusedFor: number;
    retryAfter?: number;
    firstEndsAt?: number;
    rolloverMs?: number;
    shutdownAt?: number;
    finding?: Finding;
    isQuiet?: boolean;
  },
) {
  return inFastTime(async () => {
    const start = Date.now();
    const at = () => Date.now() - start;
    const story: Story = {
      handshakes: [],
      downs: [],
      requests: [],
      answers: 0,
      answersToQuestions: 0,
      subscribed: 0,
    };
    let hasShutDown = false;
    class Exchange extends EventTarget {
      static OPEN = 1;
      readyState = 0;
      onopen?: () => void;
      onmessage?: (event: { data: string }) => void;
      onerror?: (event: { message: string }) => void;
      onclose?: (event: { code: number; reason: string }) => void;
      constructor() {
        super();
        const isFirst = story.handshakes.push(at()) === 1;
        setTimeout(() => {
          if (!isFirst && at() < given.refusedFor) this.onerror?.({ message: "Invalid status code: 429" });
          else this.serve(isFirst ? given.firstEndsAt ?? Infinity : Infinity);
        }, 10);
      }
      serve(endsAt: number) {
        this.readyState = 1;
        this.onopen?.();
        const send = () => {
          if (given.shutdownAt !== undefined && at() >= given.shutdownAt && !hasShutDown) {
            hasShutDown = true;
            this.onmessage?.({ data: "shutdown" });
          }
          if (at() >= endsAt) return this.onclose?.({ code: 1001, reason: "" });
          if (this.readyState !== 1) return;
          if (!given.isQuiet) this.onmessage?.({ data: "frame" });
          setTimeout(send, 500);
        };
        send();
      }
      send(text: string) {
        story.requests.push(JSON.parse(text).method);
        this.onmessage?.({ data: `answer${JSON.parse(text).id}` });
      }
      close() {
        this.readyState = 3;
      }
    }
    const real = { WebSocket: globalThis.WebSocket, fetch: globalThis.fetch };
    const headers = given.retryAfter === undefined ? undefined : { "retry-after": String(given.retryAfter) };
    Object.assign(globalThis, { WebSocket: Exchange });
    globalThis.fetch = () => Promise.resolve(new Response(null, { status: 429, headers }));
    const stop = new AbortController();
    const watchdog = {
      heard() {},
      answered: () => void story.answers++,
      caughtUp() {},
      isSuspicious: false,
      reset() {},
      check: () => Promise.resolve(given.finding),
    };
    const kept = keepConnected(
      {
        url: "ws://exchange/",
        feeds: ["a"],
        watchdog,
        isSparse: false,
        rolloverMs: given.rolloverMs ?? minute,
        silenceMs: 30_000,
        requestPause: createRequestPause(),
      },
      {
        onFrame(data) {
          if (data === "shutdown") return data;
          const text = String(data);
          if (text.startsWith("answer")) return { answerTo: Number(text.slice("answer".length)) };
          return { feed: "a", eventTime: Date.now() };
        },
        onReplacing() {},
        onReplaced() {},
        onSubscribed: () => story.subscribed++,
        onAsking: () => () => story.answersToQuestions++,
        onUp() {},
        onDown: () => story.downs.push(at()),
        onMute() {},
        onCutShort() {},
      },
      stop.signal,
      silent,
    );
    try {
      await sleep(ms);
      stop.abort();
      await kept;
      return story;
    } finally {
      Object.assign(globalThis, real);
    }
  });
}

Deno.test("an exchange that refuses a second connection is asked once a minute, and the first one stays", async () => {
  const { handshakes, downs } = await keep(31 * minute, { refusedFor: Infinity });
  assert.ok(handshakes.length > 25 && handshakes.length < 75, `${handshakes.length} handshakes`);
  assert.ok(handshakes.every((time, i) => i === 0 || time - handshakes[i - 1] >= 2_500));
  assert.deepEqual(downs, []);
});

Deno.test("a second connection is not asked for before the exchange wants it", async () => {
  const { handshakes } = await keep(32 * minute, { refusedFor: Infinity, retryAfter: 600 });
  assert.equal(handshakes.length, 5);
});

Deno.test("once it is no longer refused, the second connection takes over, and is replaced in its turn", async () => {
  const { handshakes, downs } = await keep(5 * minute, { refusedFor: 2 * minute });
  const later = handshakes.filter((time) => time >= 2 * minute);
  assert.ok(later[0] < 3.1 * minute && later[1] - later[0] > 0.9 * minute);
  assert.deepEqual(downs, []);
});

Deno.test("the end of the first connection is noticed while a second one is refused", async () => {
  const { downs } = await keep(2 * minute, {
    refusedFor: Infinity,
    retryAfter: 60,
    firstEndsAt: 1.5 * minute,
  });
  assert.ok(downs[0] < 1.5 * minute + 1_000, `down after ${downs} ms`);
});

Deno.test("a server that says that it will be shut down is left before it is, without a gap", async () => {
  const { handshakes, downs } = await keep(5 * minute, {
    ...{ refusedFor: 0, rolloverMs: 60 * minute },
    ...{ shutdownAt: 2 * minute, firstEndsAt: 3 * minute },
  });
  assert.equal(handshakes.length, 2);
  assert.ok(handshakes[1] - 2 * minute < 1_000, `the second handshake after ${handshakes[1]} ms`);
  assert.deepEqual(downs, []);
});

Deno.test("a new connection that is to be shut down at once is not replaced over and over", async () => {
  const { handshakes } = await keep(minute, { refusedFor: 0, rolloverMs: 60 * minute, shutdownAt: 1_000 });
  assert.equal(handshakes.length, 2);
  assert.ok(handshakes[1] >= 10_000);
});

Deno.test("a connection on which nothing comes is asked every second, and each answer is told", async () => {
  const { handshakes, requests, answers, answersToQuestions } = await keep(10_500, {
    ...{ refusedFor: 0, rolloverMs: 60 * minute, isQuiet: true },
  });
  assert.deepEqual(new Set(requests), new Set(["LIST_SUBSCRIPTIONS"]));
  assert.deepEqual([handshakes.length, requests.length, answers, answersToQuestions], [1, 10, 10, 10]);
});

Deno.test("a connection on which something comes is asked nothing", async () => {
  const { requests } = await keep(10_000, { refusedFor: 0, rolloverMs: 60 * minute });
  assert.deepEqual(requests, []);
});

Deno.test("feeds that are mute are unsubscribed and subscribed again on the connection that is there", async () => {
  const { handshakes, requests, subscribed } = await keep(4_000, {
    ...{ refusedFor: 0, rolloverMs: 60 * minute },
    finding: { verdict: "resubscribe", feeds: ["a"] },
  });
  assert.deepEqual([handshakes.length, requests, subscribed], [1, ["UNSUBSCRIBE", "SUBSCRIBE"], 1]);
});
