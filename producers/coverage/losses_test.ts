import assert from "node:assert/strict";
import { createLosses } from "./losses.ts";
import type { Outage, Silence } from "./silence.ts";

const since = { at: 0, end: Promise.resolve(0), settled: 0 };
const silence = (from: number, to: number): Silence => ({ from, to, times: new Map() });

/** Losses beside another producer, whose silences are the answers in turn; `asked` is what was asked. */
function lossesOf(...answers: (Silence | undefined)[]) {
  const asked: Pick<Outage, "from" | "to">[] = [];
  const losses = createLosses({
    silenceIn({ from, to }) {
      asked.push({ from, to });
      return Promise.resolve(answers.shift());
    },
  });
  const begin = (streams: string[], from: number, isRestart = false) =>
    losses.begin({ streams, from, isRestart }, since);
  return { asked, begin, end: losses.end };
}

Deno.test("what streams missed that were lost together is asked once, as the first of them is back", async () => {
  const { asked, begin, end } = lossesOf(silence(10, 15));
  begin(["a", "b"], 10);
  begin(["a", "b"], 12);
  assert.deepEqual(await end("b", 20), [silence(10, 15)]);
  assert.deepEqual(await end("a", 99), [silence(10, 15)]);
  assert.deepEqual(asked, [{ from: 10, to: 20 }]);
});

Deno.test("a stream that was not back when it was lost again missed what either time was missed", async () => {
  for (const [first, second] of [[silence(10, 15), undefined], [undefined, silence(30, 35)]]) {
    const { begin, end } = lossesOf(first, second);
    begin(["a", "quiet"], 10);
    await end("a", 20);
    begin(["a", "quiet"], 30);
    await end("a", 40);
    assert.deepEqual(await end("quiet", 50), [first ?? second]);
  }
});

Deno.test("a stream that was missed both times keeps the two apart: in between another producer may have had it", async () => {
  const { begin, end } = lossesOf(silence(10, 15), silence(30, 35));
  begin(["a", "quiet"], 10);
  await end("a", 20);
  begin(["a", "quiet"], 30);
  assert.deepEqual(await end("quiet", 50), [silence(10, 15), silence(30, 35)]);
});

Deno.test("an exchange that was away at the start was so since the newest records", async () => {
  const { asked, begin, end } = lossesOf(silence(5, 20));
  begin(["a"], 10);
  begin(["a"], 5, true);
  await end("a", 20);
  assert.deepEqual(asked, [{ from: 5, to: 20 }]);
});
