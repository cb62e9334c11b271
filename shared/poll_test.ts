import assert from "node:assert/strict";
import { inFastTime } from "../tests/fast_time.ts";
import { poll, retryUntil } from "./poll.ts";

const limit = { ms: 1_000, pauseMs: 100 };

Deno.test("what is never found is looked for until the time is over, and at least once", async () => {
  await inFastTime(async () => {
    let looks = 0;
    const start = performance.now();
    assert.equal(await poll(() => void looks++, limit), undefined);
    assert.ok(looks >= 10 && performance.now() - start < 1_200, `${looks} looks`);
    assert.equal(await poll(() => 7, { ms: 0, pauseMs: 100 }), 7);
  });
});

Deno.test("progress begins the time anew", async () => {
  await inFastTime(async () => {
    let looks = 0;
    const found = await poll((extend) => {
      extend();
      return ++looks === 50;
    }, limit);
    assert.ok(found);
  });
});

Deno.test("a look that throws ends the looking", async () => {
  await assert.rejects(poll(() => Promise.reject(new Error("refused")), limit), /refused/);
});

Deno.test("attempts that fail until the time is over end with the last one's error, one that can't pass with its own at once", async () => {
  await inFastTime(async () => {
    let attempts = 0;
    const fail = () => Promise.reject(new Error(`attempt ${++attempts}`));
    await assert.rejects(retryUntil(fail, limit), (error: Error) => error.message === `attempt ${attempts}`);
    assert.ok(attempts >= 10, `${attempts} attempts`);
    attempts = 0;
    await assert.rejects(retryUntil(fail, limit, () => false), /attempt 1/);
  });
});

Deno.test("an aborted signal ends the attempts with its reason", async () => {
  const stop = new AbortController();
  const attempt = () => {
    stop.abort(new Error("told to stop"));
    return Promise.reject(new Error("failed"));
  };
  await assert.rejects(
    retryUntil(attempt, { ms: 60_000, pauseMs: 60_000, signal: stop.signal }),
    /told to stop/,
  );
});

Deno.test("an attempt that succeeds after others failed gives its result, be it nothing", async () => {
  let attempts = 0;
  const attempt = () => ++attempts < 3 ? Promise.reject(new Error("not yet")) : Promise.resolve(undefined);
  assert.equal(await retryUntil(attempt, { ms: 60_000, pauseMs: 1 }), undefined);
  assert.equal(attempts, 3);
});
