import assert from "node:assert/strict";
import { inFastTime } from "../tests/fast_time.ts";
import { createLog } from "./log.ts";
import { retryForever } from "./retry.ts";

const log = createLog("test", "info", () => {});
const kind = "database";
const signal = new AbortController().signal;

/** An attempt that fails so often, then succeeds. */
const failing = (times: number) => {
  let attempts = 0;
  return () => {
    if (attempts++ < times) return Promise.reject(new Error(`failure ${attempts}`));
    return Promise.resolve(attempts);
  };
};

Deno.test("an error that waiting does not end is thrown at once", async () => {
  const passing = (error: unknown) => (error as Error).message !== "failure 1";
  await assert.rejects(retryForever(failing(1), { signal, log, kind, passing }), /failure 1/);
});

Deno.test("when the signal is aborted it throws the last error at once, without the rest of the pause", async () => {
  await inFastTime(async () => {
    const start = performance.now();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 10_000);
    await assert.rejects(retryForever(failing(1_000), { signal: stop.signal, log, kind }), /failure \d+$/);
    assert.equal(performance.now() - start, 10_000);
  });
});

Deno.test("it retries until an attempt succeeds, and reports the trouble in words and its end", async () => {
  const lines: string[] = [];
  const troubles: (string | undefined)[] = [];
  const result = await retryForever(failing(2), {
    signal,
    log: createLog("test", "info", (line) => lines.push(line)),
    kind,
    explain: (error) => `Cannot: ${(error as Error).message}`,
    onTrouble: (words) => troubles.push(words),
  });
  assert.equal(result, 3);
  assert.deepEqual(troubles, ["Cannot: failure 1", "Cannot: failure 2", undefined]);
  assert.match(lines.join("\n"), /Cannot: failure 1; trying until it works[^]*recovered after="2 failures"/);
});

Deno.test("an attempt that succeeds at once reports no trouble", async () => {
  const onTrouble = () => assert.fail("there was none");
  assert.equal(await retryForever(failing(0), { signal, log, kind, onTrouble }), 1);
});

Deno.test("an attempt that takes long is reported, and goes on", async () => {
  const troubles: (string | undefined)[] = [];
  const told = Promise.withResolvers<void>();
  const onTrouble = (words?: string) => {
    troubles.push(words);
    told.resolve();
  };
  const slow = { ms: 1, words: "no answer yet" };
  assert.equal(
    await retryForever(() => told.promise.then(() => 1), { signal, log, kind, slow, onTrouble }),
    1,
  );
  assert.deepEqual(troubles, ["no answer yet", undefined]);
});

Deno.test("an hour of failures is one line a minute, even if each has other words", async () => {
  await inFastTime(async () => {
    const lines: string[] = [];
    const log = createLog("test", "warn", (line) => lines.push(line));
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 3_600_000);
    await assert.rejects(retryForever(failing(Infinity), { signal: stop.signal, log, kind }));
    assert.ok(lines.length <= 60, `${lines.length} lines`);
    assert.match(lines[1], / suppressed=\d+$/);
  });
});
