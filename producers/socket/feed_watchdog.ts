import type { Watchdog } from "./watchdog.ts";

/**
 * A fingerprint of what a feed's symbol has traded so far, learnt in another way than by the feed. If it changes while the feed is
 * silent, the feed is dead; if it does not, the market is quiet. Undefined where it can't be had.
 */
export type Look = (feed: string) => Promise<string | undefined>;

interface Watched {
  heardAt: number;
  /** The silence that is allowed, in ms. It grows each time that the market proves to be quiet. */
  tolerance: number;
  look?: string;
  looked: boolean;
  /**
   * Since when it is known that the market went on without the feed, in ms. A frame may be on its way, on a slow connection for long. The
   * feed is dead if none has come before the answer to a later request, as a connection keeps its order.
   */
  suspectAt?: number;
  resubscribedAt?: number;
}

/** The tolerance grows by no more than this at a time, and is no longer than this on a new connection. */
const MOST_TOLERANCE_MS = 600_000;
/** Where it can't be known whether the symbol trades, and other feeds speak, a silence of so many tolerances is allowed. */
const UNKNOWN = 4;
/** Looks in one check: each costs request weight. */
const MOST_LOOKS = 20;

/**
 * Watches each feed for silences of `silence` ms. With `look` a silent feed is dead if its symbol trades meanwhile; without it any such
 * silence means that the feed is dead.
 */
export function createFeedWatchdog(
  feeds: readonly string[],
  silence: number,
  look: Look | undefined,
  now: number,
): Watchdog {
  const fresh = (at: number): Watched => ({
    heardAt: at,
    tolerance: silence,
    looked: false,
  });
  const watched = new Map(feeds.map((feed) => [feed, fresh(now)]));
  /** When the newest request was sent that the connection has answered. */
  let answeredTo = -Infinity;

  /**
   * Whether the market went on without the feed. It looks twice: at half of the tolerance and at its end. `areSilent`: all other feeds
   * are silent, too.
   */
  const isDead = async (
    feed: string,
    state: Watched,
    now: number,
    areSilent: boolean,
  ): Promise<boolean> => {
    if (!look) return true;
    if (state.suspectAt !== undefined) {
      // Where nothing comes, nothing is before the answer; and a connection that does not answer is no better than a dead one.
      const isKnown = areSilent || answeredTo > state.suspectAt || now - state.suspectAt >= silence;
      return isKnown && watched.get(feed) === state;
    }
    const silent = now - state.heardAt;
    const before = state.look;
    const first = !state.looked;
    state.look = await look(feed);
    state.looked = true;
    const hasSpoken = watched.get(feed) !== state;
    if (first || hasSpoken || silent < state.tolerance) return false;
    // One look that fails tells nothing.
    if ((state.look === undefined) !== (before === undefined)) return false;
    if (state.look === undefined) {
      // An exchange that can't be asked may be away as a whole, for a while.
      if (silent >= (areSilent ? 1 : UNKNOWN) * state.tolerance) state.suspectAt = now;
      return false;
    }
    if (state.look === before) {
      state.tolerance = Math.min(silent + MOST_TOLERANCE_MS, state.tolerance * 2);
      return false;
    }
    state.suspectAt = now;
    return false;
  };

  return {
    heard(feed, now) {
      const state = watched.get(feed);
      if (!state) return;
      state.heardAt = now;
      const isUsual = !state.looked && state.resubscribedAt === undefined && state.tolerance === silence;
      if (!isUsual) watched.set(feed, fresh(now));
    },
    answered() {},
    caughtUp: (sentAt) => void (answeredTo = sentAt),
    get isSuspicious() {
      return watched.values().some(({ suspectAt }) => suspectAt !== undefined);
    },
    reset(now) {
      for (const [feed, { tolerance, resubscribedAt }] of watched) {
        // A feed that was silent on the old connection may be silent on the new one: another move would not help.
        const tolerant = resubscribedAt === undefined ? tolerance : tolerance * 2;
        watched.set(feed, { ...fresh(now), tolerance: Math.min(MOST_TOLERANCE_MS, tolerant) });
      }
    },
    async check(now) {
      // If nothing at all has come for so long, the connection is dead, not a single feed.
      const newest = Math.max(...[...watched.values()].map(({ heardAt }) => heardAt));
      const isSilent = now - newest >= silence / 2;
      const unheard = [...watched].filter(([, state]) => now - state.heardAt >= state.tolerance / 2);
      const stillDead = unheard.filter(([, state]) => now - (state.resubscribedAt ?? now) >= silence / 2);
      if (stillDead.length > 0) return { verdict: "reconnect", feeds: stillDead.map(([feed]) => feed) };

      const due = unheard.filter(([, { looked, resubscribedAt, heardAt, tolerance }]) =>
        resubscribedAt === undefined && ((look && !looked) || now - heardAt >= tolerance)
      );
      const dead: string[] = [];
      for (const [feed, state] of look ? due.slice(0, MOST_LOOKS) : due) {
        if (await isDead(feed, state, now, isSilent)) {
          state.resubscribedAt = now;
          dead.push(feed);
        }
      }
      if (dead.length === 0) return undefined;
      return isSilent
        ? { verdict: "reconnect", feeds: [...watched.keys()] }
        : { verdict: "resubscribe", feeds: dead };
    },
  };
}
