/** What is to be done about a stream that is silent. */
export type Verdict = "resubscribe" | "reconnect";

/**
 * A fingerprint of what a symbol has traded so far, by another way than the stream: when it changes while the stream is
 * silent, the stream is dead; when it does not, the market is quiet. Undefined where it can't be had.
 */
export type Look = (stream: string) => Promise<string | undefined>;

/** Watches the streams of one connection. Pings and acknowledgements don't count: only data does. */
export interface Watchdog {
  /** Data came; `now` in ms. */
  heard(stream: string, now: number): void;
  /** A new connection has taken over: silence counts from here. */
  reset(now: number): void;
  /** Looks at streams that are silent, and returns those that are dead, with what to do. */
  check(now: number): Promise<{ verdict: Verdict; streams: string[] } | undefined>;
}

interface Watched {
  heardAt: number;
  /** The silence that is put up with, in ms: longer after each time that it proved to be a quiet market. */
  tolerance: number;
  look?: string;
  looked: boolean;
  /** The market went on without it, but a frame may be on its way: it is dead if none has come by the next check. */
  isSuspect: boolean;
  resubscribedAt?: number;
}

/** The tolerance grows by so much at a time at most, and is no longer than that on a new connection. */
const MOST_TOLERANCE_MS = 600_000;
/** Where it can't be known whether the symbol trades, and other streams speak, a silence is put up with so many times as long. */
const UNKNOWN = 4;
/** Looks in one check: each costs request weight. */
const MOST_LOOKS = 20;

/** Watches for silences of `silence` ms. */
export function createWatchdog(
  streams: readonly string[],
  silence: number,
  look: Look,
  now: number,
): Watchdog {
  const fresh = (at: number): Watched => ({
    heardAt: at,
    tolerance: silence,
    looked: false,
    isSuspect: false,
  });
  const watched = new Map(streams.map((stream) => [stream, fresh(now)]));

  /** Whether the market went on without the stream; looks twice, at half of the silence and at its end. `areSilent`: so are all others. */
  const isDead = async (
    stream: string,
    state: Watched,
    now: number,
    areSilent: boolean,
  ): Promise<boolean> => {
    if (state.isSuspect) return watched.get(stream) === state;
    const silent = now - state.heardAt;
    const before = state.look;
    const first = !state.looked;
    state.look = await look(stream);
    state.looked = true;
    const hasSpoken = watched.get(stream) !== state;
    if (first || hasSpoken || silent < state.tolerance) return false;
    // One look that fails tells nothing.
    if ((state.look === undefined) !== (before === undefined)) return false;
    if (state.look === undefined) {
      // An exchange that can't be asked may be away as a whole, for a while.
      state.isSuspect = silent >= (areSilent ? 1 : UNKNOWN) * state.tolerance;
      return false;
    }
    if (state.look === before) {
      state.tolerance = Math.min(silent + MOST_TOLERANCE_MS, state.tolerance * 2);
      return false;
    }
    state.isSuspect = true;
    return false;
  };

  return {
    heard(stream, now) {
      const state = watched.get(stream);
      if (!state) return;
      state.heardAt = now;
      if (state.looked || state.resubscribedAt !== undefined) watched.set(stream, fresh(now));
    },
    reset(now) {
      for (const [stream, { tolerance, resubscribedAt }] of watched) {
        // One that was silent on the old connection may be so on the new one: there is no use in hurrying.
        const tolerant = resubscribedAt === undefined ? tolerance : tolerance * 2;
        watched.set(stream, { ...fresh(now), tolerance: Math.min(MOST_TOLERANCE_MS, tolerant) });
      }
    },
    async check(now) {
      // Where nothing at all has come for so long, it is not this stream or that, but the connection.
      const newest = Math.max(...[...watched.values()].map(({ heardAt }) => heardAt));
      const isSilent = now - newest >= silence / 2;
      const unheard = [...watched].filter(([, state]) => now - state.heardAt >= state.tolerance / 2);
      const stillDead = unheard.filter(([, state]) => now - (state.resubscribedAt ?? now) >= silence / 2);
      if (stillDead.length > 0) return { verdict: "reconnect", streams: stillDead.map(([stream]) => stream) };

      const due = unheard.filter(([, { looked, resubscribedAt, heardAt, tolerance }]) =>
        resubscribedAt === undefined && (!looked || now - heardAt >= tolerance)
      );
      const dead: string[] = [];
      for (const [stream, state] of due.slice(0, MOST_LOOKS)) {
        if (await isDead(stream, state, now, isSilent)) {
          state.resubscribedAt = now;
          dead.push(stream);
        }
      }
      if (dead.length === 0) return undefined;
      return isSilent
        ? { verdict: "reconnect", streams: [...watched.keys()] }
        : { verdict: "resubscribe", streams: dead };
    },
  };
}
