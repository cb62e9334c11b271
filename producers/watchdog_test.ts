import assert from "node:assert/strict";
import { createWatchdog } from "./watchdog.ts";

const SILENCE = 30_000;

/** Checks every 4 s after the last frame until `end`, in a market that trades anew at `tradesAt`. */
async function watch({ tradesAt, heardAt, end }: { tradesAt: number; heardAt?: number; end: number }) {
  let now = 0;
  const dog = createWatchdog(["a", "b"], SILENCE, () => Promise.resolve(String(now >= tradesAt)), 0);
  for (now = 4_000; now <= end; now += 4_000) {
    dog.heard("b", now);
    if (heardAt !== undefined && now >= heardAt) dog.heard("a", now);
    const found = await dog.check(now);
    if (found) return { at: now, ...found };
  }
}

Deno.test("a stream that stays silent while its market trades is subscribed again", async () => {
  assert.deepEqual(await watch({ tradesAt: 20_000, end: 60_000 }), {
    at: 36_000,
    verdict: "resubscribe",
    streams: ["a"],
  });
});

Deno.test("a market that wakes just before the check is not taken for a dead stream: its frame is on its way", async () => {
  assert.equal(await watch({ tradesAt: 32_000, heardAt: 33_000, end: 40_000 }), undefined);
  assert.equal(await watch({ tradesAt: Infinity, end: 40_000 }), undefined);
});
