import type { FeedListener } from "../socket/types.ts";
import type { AskedClock } from "./exchange_clock.ts";
import type { Session } from "./session.ts";

/** What a connection is to tell, for its session. `onSubscribed` is called when its feeds are subscribed and none was lost meanwhile. */
export function listenFor(
  session: Session,
  clock: AskedClock,
  signal: AbortSignal,
  onSubscribed: () => void,
): FeedListener {
  /** How often each feed was lost. */
  const losses = new Map<string, number>();
  const noteLoss = (feeds: readonly string[]) => {
    for (const feed of feeds) losses.set(feed, (losses.get(feed) ?? 0) + 1);
  };
  return {
    message: session.message,
    async subscribed(feeds) {
      const before = feeds.map((feed) => losses.get(feed));
      await clock.known(signal);
      const left = feeds.filter((feed, n) => losses.get(feed) === before[n]);
      session.subscribed(left);
      if (left.length === feeds.length) onSubscribed();
    },
    lost(feeds, reason) {
      noteLoss(feeds);
      session.lost(feeds, reason);
    },
    mute(feeds) {
      noteLoss(feeds);
      session.mute(feeds);
    },
    endReplacing: session.endReplacing,
    asking() {
      const sentAt = clock.earliest();
      return () => session.answered(sentAt);
    },
  };
}
