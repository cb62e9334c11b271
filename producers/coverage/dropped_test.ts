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
    [1, 2].flatMap(() => session.take(true, 1_000)).filter((row) => row.feed === feed)
      .map(({ coveredFrom, coveredTo, reason, dropped }) => [coveredFrom, coveredTo, reason, dropped]);
  return { session, coverageOf };
}

Deno.test("of messages that are dropped in another order than that of time none counts as covered", () => {
  const { session, coverageOf } = spokenSession();
  for (const [n, time] of [3_000, 3_500, 3_900, 2_990].entries()) session.dropped("a", time, n);
  session.stop();
  assert.deepEqual(coverageOf("a"), [[1_000, 2_990, "overflow", 4], [3_901, 9_900, "stopped", null]]);
});
