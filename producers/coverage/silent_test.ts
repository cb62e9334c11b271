import assert from "node:assert/strict";
import { createSession } from "./track_session.ts";

/** A session of two feeds whose messages are all acked, at a time of the exchange that is known to the ms. */
function sessionAt(start: number) {
  const time = { now: start };
  const outlet = { pushed: 0, settled: 0 };
  const session = createSession({
    ...{ session: "s", producer: "p", stream: "book", outlets: [outlet], judgesSilence: true },
    feeds: new Map([["a", "A"], ["b", "B"]]),
    clock: { earliest: () => time.now, latest: () => time.now },
  });
  session.subscribed(["a", "b"]);
  const speak = (feed: string, isNew = false) =>
    session.message(feed, time.now, isNew, `${feed} ${time.now}`);
  const rowOf = (feed: string) => session.take(start).filter((row) => row.feed === feed).at(-1);
  return { time, session, speak, rowOf };
}

Deno.test("a feed that says nothing for more than 5 s is silent, with its last message, until it speaks or is confirmed", () => {
  const { time, session, speak, rowOf } = sessionAt(1_000);
  for (time.now = 1_500; time.now <= 6_500; time.now += 500) speak("a");
  assert.deepEqual(session.silent(), [{ feed: "b", since: 1_050, message: undefined, isUrgent: false }]);
  speak("b");
  assert.deepEqual(session.silent(), []);
  for (; time.now <= 13_000; time.now += 500) speak("a");
  assert.deepEqual(session.silent(), [{ feed: "b", since: 7_000, message: "b 7000", isUrgent: false }]);
  const { reason, coveredTo } = rowOf("b")!;
  assert.deepEqual([reason, coveredTo], ["silent", 7_000]);
  session.confirmed("b", 12_000);
  assert.deepEqual(session.silent(), []);
  assert.equal(rowOf("b")!.reason, "open");
});

Deno.test("a feed that is silent on both connections ends where it was heard last, unless it is confirmed after the move", () => {
  for (const isConfirmed of [false, true]) {
    const { time, session, speak, rowOf } = sessionAt(1_000);
    speak("b");
    for (time.now = 1_500; time.now <= 9_000; time.now += 500) speak("a");
    for (; time.now <= 11_000; time.now += 500) [false, true].forEach((isNew) => speak("a", isNew));
    session.endReplacing(true);
    assert.deepEqual(session.silent().map(({ feed, isUrgent }) => [feed, isUrgent]), [["b", true]]);
    speak("a");
    if (isConfirmed) session.confirmed("b", time.now);
    time.now += 1_000;
    speak("b");
    speak("a");
    time.now += 2_000;
    speak("a");
    assert.equal(rowOf("b")?.coveredFrom, isConfirmed ? 1_001 : 12_501);
  }
});

Deno.test("a feed's last message is that of the connection that took over, if it was newer", () => {
  const { time, session, speak } = sessionAt(1_000);
  speak("b");
  time.now = 2_000;
  speak("b", true);
  session.endReplacing(true);
  for (; time.now <= 8_000; time.now += 500) speak("a");
  assert.deepEqual(session.silent().map(({ message }) => message), ["b 2000"]);
});
