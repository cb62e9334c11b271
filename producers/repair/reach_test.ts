import assert from "node:assert/strict";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createReach } from "./reach.ts";

Deno.test("a worker that the exchange does not answer leaves the work to others after half a minute, but not during a pause that the exchange asks for", async () => {
  await inFastTime(async () => {
    const client: { trouble?: { words: string; isLasting: boolean } } = {};
    const pause = { left: 0 };
    const hasReach = createReach(client, pause);
    await sleep(300_000);
    assert.ok(hasReach(), "it has nothing to ask");
    client.trouble = { words: "no route", isLasting: false };
    await sleep(29_999);
    assert.ok(hasReach());
    await sleep(1);
    assert.ok(!hasReach());
    pause.left = 60_000;
    assert.ok(hasReach(), "banned");
    await sleep(60_000);
    assert.ok(hasReach());
    pause.left = 0;
    await sleep(29_000);
    assert.ok(hasReach(), "it is asked again first");
    await sleep(1_000);
    assert.ok(!hasReach());
    client.trouble = undefined;
    assert.ok(hasReach());
  });
});
