import assert from "node:assert/strict";
import { sleep } from "../wait.ts";
import { watchEventLoop } from "./event_loop.ts";
import { percentile } from "./histogram.ts";

Deno.test("a block of 200 ms shows as a delay of at least 100 ms", async () => {
  using loop = watchEventLoop();
  const ticks = () => loop.delays.reduce((sum, count) => sum + count, 0);
  const until = async (count: number) => {
    while (ticks() < count) await sleep(10);
  };
  await until(3);
  const before = [...loop.delays];
  for (const start = performance.now(); performance.now() - start < 200;);
  await until(before.reduce((sum, count) => sum + count, 0) + 1);
  const since = loop.delays.map((count, i) => count - (before[i] ?? 0));
  assert.ok(percentile(since, 1)! >= 100, String(percentile(since, 1)));
});
