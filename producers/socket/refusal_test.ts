import assert from "node:assert/strict";
import { inFastTime } from "../../tests/fast_time.ts";
import { sleep } from "../../shared/wait.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import { explainRefusal } from "./refusal.ts";

/** Runs a task beside an exchange that answers so; returns how often it was asked. */
async function asked(
  status: number,
  retryAfter: string | undefined,
  task: () => Promise<void>,
): Promise<number> {
  const { fetch } = globalThis;
  let count = 0;
  globalThis.fetch = async () => {
    count++;
    await sleep(20);
    return new Response(null, { status, headers: retryAfter ? { "retry-after": retryAfter } : {} });
  };
  try {
    await task();
  } finally {
    globalThis.fetch = fetch;
  }
  return count;
}
const refused = (requestPause = createRequestPause(), status = 418) =>
  explainRefusal("ws://exchange/", `Invalid status code: ${status}`, requestPause);

Deno.test("five connections that are banned ask once how long, and no more before that is over", async () => {
  await inFastTime(async () => {
    const requestPause = createRequestPause();
    const count = await asked(418, "600", async () => {
      const all = await Promise.all(Array.from({ length: 5 }, () => refused(requestPause)));
      for (const words of all) {
        assert.match(words, /^status 418: it has banned this address.*again in 600 s$/);
      }
      await sleep(599_000);
      await refused(requestPause);
    });
    assert.equal(count, 1);
    assert.ok(requestPause.left > 0);
    await sleep(1_000);
    assert.equal(requestPause.left, 0);
  });
});

Deno.test("a ban of days is believed, and one of which no end is told is not tried for two minutes, then four", async () => {
  await inFastTime(async () => {
    const long = createRequestPause();
    await asked(418, "172800", () => refused(long).then(() => {}));
    assert.equal(Math.round(long.left / 3_600_000), 48);
    const requestPause = createRequestPause();
    await asked(418, undefined, async () => {
      await refused(requestPause);
      assert.equal(Math.round(requestPause.left / 1_000), 120);
      await sleep(120_000);
      await refused(requestPause);
      assert.equal(Math.round(requestPause.left / 1_000), 240);
    });
  });
});

Deno.test("what is no refusal by a status is told as it is, and nobody is asked", async () => {
  const count = await asked(418, "600", async () => {
    assert.equal(
      await explainRefusal("ws://exchange/", "no route to host", createRequestPause()),
      "no route to host",
    );
  });
  assert.equal(count, 0);
});
