import assert from "node:assert/strict";
import { sleep } from "../wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createRequestPause } from "./request_pause.ts";

/** The headers of an answer that the exchange made so many seconds into a minute. */
const headers = (used?: number, second = 20, retryAfter?: number) =>
  new Headers({
    date: new Date(Date.UTC(2026, 10, 1, 12, 0, second)).toUTCString(),
    ...used === undefined ? {} : { "x-mbx-used-weight-1m": String(used) },
    ...retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
  });

Deno.test("a request that does not fit into what is left of the minute waits until the exchange's minute is over", async () => {
  await inFastTime(async () => {
    const pause = createRequestPause(100);
    assert.equal(pause.leftFor(20), 0);
    pause.note(200, headers(81));
    assert.deepEqual(
      [pause.leftFor(19), pause.left],
      [0, 0],
      "what fits may be sent, and sockets are not held up",
    );
    assert.equal(Math.round(pause.leftFor(20)), 40_000);
    assert.equal(Math.round(pause.leftFor(10, 10)), 40_000, "others' part is left to them");
    assert.equal(Math.round(pause.leftFor(10, 1_000)), 40_000);
    pause.note(200, headers(40));
    assert.equal(pause.leftFor(10, 1_000), 0, "half of a small budget can be used at least");
    pause.note(200, headers(81));
    await sleep(40_000);
    assert.deepEqual([pause.leftFor(100), pause.used], [0, 0]);
  });
});

Deno.test("requests that can wait spread over the minute, and never use the last quarter of what may be used so far", async () => {
  await inFastTime(async () => {
    const pause = createRequestPause(400);
    assert.equal(pause.leftForEvenly(2), 0, "nothing is known of this minute yet");
    pause.note(200, headers(98));
    assert.equal(pause.leftForEvenly(2), 0, "20 s of the minute are over");
    pause.note(200, headers(103));
    assert.deepEqual([Math.round(pause.leftForEvenly(2)), pause.leftFor(20)], [1_000, 0]);
    await sleep(1_000);
    assert.equal(Math.round(pause.leftForEvenly(2)), 0);
    pause.note(200, headers(399));
    assert.equal(Math.round(pause.leftForEvenly(2)), 40_000, "the next minute has a share of its own");
    pause.note(429, headers(undefined, 20, 50));
    assert.equal(Math.round(pause.leftForEvenly(2)), 50_000);
  });
});

Deno.test("weight that other programs have used counts, however little was asked here", () => {
  const pause = createRequestPause(720);
  pause.note(200, headers(2_000));
  assert.ok(pause.leftFor(1) > 0);
  assert.equal(pause.used, 2_000);
});

Deno.test("a weight that cannot fit is asked for in an empty minute: a budget that is too small stops nothing for good", () => {
  assert.equal(createRequestPause(10).leftFor(20), 0);
});

Deno.test("too many requests wait as long as the exchange says, or else for its minute's end; the firewall's refusal for two minutes", () => {
  for (
    const [status, retryAfter, expected] of [[429, 7, 7], [429, undefined, 40], [403, undefined, 120], [
      503,
      undefined,
      0,
    ]] as const
  ) {
    const pause = createRequestPause();
    pause.note(status, headers(undefined, 20, retryAfter));
    assert.equal(Math.round(pause.left / 1_000), expected, `${status}`);
    assert.ok(pause.leftFor(1) >= pause.left - 1);
  }
});

Deno.test("a pause of days is believed of a ban alone: of too many requests an hour, of what is out of service a minute", () => {
  for (const [status, expected] of [[418, 86_400], [429, 3_600], [403, 3_600], [503, 60], [200, 60]]) {
    const pause = createRequestPause();
    pause.note(status, headers(undefined, 20, 86_400));
    assert.equal(Math.round(pause.left / 1_000), expected, `${status}`);
  }
});

Deno.test("a ban ends when the exchange's text says, also where there is no Retry-After or a shorter one", () => {
  const until = Date.UTC(2026, 10, 1, 12, 20, 20);
  const text =
    `{"code":-1003,"msg":"Way too many requests; IP(10.0.0.1) banned until ${until}. Please use …"}`;
  for (
    const [status, retryAfter, words, expected] of [
      [418, undefined, text, 1_200],
      [418, 30, text, 1_200],
      [418, 5_000, text, 5_000],
      [429, undefined, text, 1_200],
      [418, undefined, text.replace(`${until}`, "9999999999999"), 3 * 86_400],
      [418, undefined, text.replace(`${until}`, "1000000000000"), 120],
      [418, undefined, "<html>", 120],
      [200, undefined, text, 0],
    ] as const
  ) {
    const pause = createRequestPause();
    pause.note(status, headers(undefined, 20, retryAfter), words);
    assert.equal(Math.round(pause.left / 1_000), expected, `${status} ${retryAfter} ${words}`);
  }
});

Deno.test("an answer without headers is taken", () => {
  const pause = createRequestPause(100);
  pause.note(418, undefined);
  assert.equal(Math.round(pause.left / 1_000), 120);
});
