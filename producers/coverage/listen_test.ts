import assert from "node:assert/strict";
import { listenFor } from "./listen.ts";
import { createSession } from "./track_session.ts";

Deno.test("a connection that is lost before the exchange's time is known has subscribed nothing; the next one has", async () => {
  const known = Promise.withResolvers<void>();
  const clock = {
    ...{ earliest: () => 1_000, latest: () => 1_000 },
    ...{ known: () => known.promise, run: () => Promise.resolve() },
  };
  const session = createSession({
    ...{ session: "s", producer: "p", stream: "book", clock, outlets: [], judgesSilence: true },
    feeds: new Map([["a", "A"], ["b", "B"]]),
  });
  let subscriptions = 0;
  const listener = listenFor(session, clock, new AbortController().signal, () => subscriptions++);
  const first = listener.subscribed(["a", "b"]);
  listener.lost(["a", "b"], "lost connection");
  known.resolve();
  await first;
  assert.equal(subscriptions, 0);
  await listener.subscribed(["a", "b"]);
  assert.equal(subscriptions, 1);
});
