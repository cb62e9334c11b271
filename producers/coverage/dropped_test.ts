import assert from "node:assert/strict";
import { createSession } from "./track_session.ts";

/** A session of feeds that speak every 100 ms from 1,100 to 9,900; all that is not dropped is acked. */
function spokenSession() {
  const outlet = { pushed: 0, settled: 0 };
  const session = createSession({
    ...{ session: "s", producer: "p", stream: "book", outlets: [outlet], judgesSilence: true },
    feeds: new Map([["a", "A"], ["b", "B"]]),
    clock: { earliest: () => 1_000, latest: () => 1_000 },
  });
  session.subscribed(["a", "b"]);
  for (let time = 1_100; time < 10_000; time += 100) {
    for (const feed of ["a", "b"]) {
      session.message(feed, time);
      outlet.settled = ++outlet.pushed;
    }
  }
  /** What two seconds tell: in the first, nothing is told of what comes after a hole. */
  const coverageOf = (feed: string) =>
    [1, 2].flatMap(() => session.take(1_000)).filter((row) => row.feed === feed)
      .map(({ coveredFrom, coveredTo, reason, dropped }) => [coveredFrom, coveredTo, reason, dropped]);
  return { session, coverageOf };
}

Deno.test("of messages that are dropped in another order than that of time none counts as covered", () => {
  const { session, coverageOf } = spokenSession();
  for (const [n, time] of [3_000, 3_500, 3_900, 2_990].entries()) session.dropped("a", time, n);
  session.stop();
  assert.deepEqual(coverageOf("a"), [[1_050, 2_990, "overflow", 4], [3_901, 9_900, "stopped", null]]);
});

Deno.test("what is kept for more than a second between dropped messages counts as covered, though nothing was told meanwhile", () => {
  const { session, coverageOf } = spokenSession();
  // Two feeds take turns: a message of `a` is each second push.
  const pushOf = (time: number) => (time - 1_100) / 100 * 2;
  for (let time = 2_000; time < 8_000; time += 100) {
    if (time >= 4_000 && time < 6_500) continue;
    session.dropped("a", time, pushOf(time));
    session.dropped("b", time, pushOf(time) + 1);
  }
  session.stop();
  assert.deepEqual(coverageOf("a"), [
    ...[[1_050, 2_000, "overflow", 20], [3_901, 6_500, "overflow", 15]],
    [7_901, 9_900, "stopped", null],
  ]);
});

Deno.test("messages that are kept for a moment between dropped ones do not end the gap", () => {
  const { session, coverageOf } = spokenSession();
  for (const time of [3_000, 3_500, 3_900]) session.dropped("a", time, (time - 1_100) / 100 * 2);
  session.stop();
  assert.deepEqual(coverageOf("a"), [[1_050, 3_000, "overflow", 3], [3_901, 9_900, "stopped", null]]);
});

Deno.test("a dead letter that is dropped is a gap of all feeds, from the second before it was received until 2 s after it", () => {
  const letters = { pushed: 0, settled: 0 };
  const messages = { pushed: 0, settled: 0 };
  const time = { now: 1_000 };
  const session = createSession({
    ...{ session: "s", producer: "p", stream: "book", outlets: [messages, letters], judgesSilence: true },
    feeds: new Map([["a", "A"], ["b", "B"]]),
    clock: { earliest: () => time.now, latest: () => time.now },
  });
  session.subscribed(["a", "b"]);
  const rows = new Map<string, unknown[]>();
  const coveredTo: number[] = [];
  while (time.now < 20_000) {
    time.now += 500;
    for (const feed of ["a", "b"]) session.message(feed, time.now);
    if (time.now === 5_500) letters.pushed++;
    if (time.now === 15_500) {
      letters.settled = 1;
      session.droppedLetter(0);
    }
    if (time.now % 1_000 > 0) continue;
    for (const { feed, coveredFrom, coveredTo: to, reason, dropped } of session.take(1_000)) {
      if (feed === "") coveredTo.push(to);
      else rows.set(`${feed} ${coveredFrom}`, [feed, coveredFrom, to, reason, dropped]);
    }
  }
  // What came before the letter is covered up to a second before it, and no further until the gap is told.
  assert.deepEqual([coveredTo[13], coveredTo[14]], [4_000, 15_000]);
  assert.deepEqual([...rows.values()], [
    ...[["a", 1_050, 4_000, "overflow", null], ["b", 1_050, 4_000, "overflow", null]],
    ...[["a", 7_000, 7_000, "open", null], ["b", 7_000, 7_000, "open", null]],
  ]);
});
