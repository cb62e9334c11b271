import { sleep } from "../../shared/wait.ts";
import type { Events, MarketEvent } from "./event.ts";

/**
 * How fast events are played: by their own time, `speed` times as fast as it passed; or so many a second, whatever their
 * times are; or as fast as the slowest client takes them.
 */
export type Pace = { readonly speed: number } | { readonly rate: number } | "max";

/** Where events go. */
export interface Audience {
  deliver(event: MarketEvent): void;
  /** Everything delivered so far is to be sent now. */
  flush(): void;
  /** Whether every client keeps up. Asked at pace "max" only: at any other the exchange does not wait. */
  keepsUp(): boolean;
}

export interface Player extends AsyncDisposable {
  start(): void;
  pause(): void;
  readonly isPlaying: boolean;
  /** Whether the last event was delivered. */
  readonly isFinished: boolean;
  /** How many events were delivered. */
  readonly played: number;
  /**
   * The time of an event that is due now, in ms: it goes on evenly, also while this process is too busy to deliver what is due.
   * Undefined before the first event and after the last, and at a pace that is not the events' own.
   */
  readonly time: number | undefined;
  /** Resolves once the last event is delivered or the player is disposed of; rejects if the source fails. */
  readonly finished: Promise<void>;
}

/** Long enough to send many messages at once, short enough to be no delay that anybody sees. */
const tick = 5;
/** So many events at most without a look at the sockets. */
const batch = 2_000;

/** A player of the events that `open` gives when playing first starts. It is paused at first. */
export function createPlayer(open: () => Events, pace: Pace, audience: Audience): Player {
  const stop = new AbortController();
  let starting = Promise.withResolvers<void>();
  let isPlaying = false;
  let isFinished = false;
  let played = 0;
  let startedAt = 0;
  let playedFor = 0; // ms before the last pause
  let firstTime: number | undefined;

  const elapsed = () => isPlaying ? playedFor + performance.now() - startedAt : playedFor;
  const time = () =>
    firstTime === undefined || isFinished || pace === "max" || !("speed" in pace)
      ? undefined
      : firstTime + elapsed() * pace.speed;
  const isDue = (event: MarketEvent) => {
    if (pace === "max") return true;
    return "speed" in pace ? event.time <= time()! : played < elapsed() * pace.rate / 1_000;
  };

  const run = async () => {
    await starting.promise;
    const events = iterate(open());
    let next = await events.next();
    firstTime = next.value?.time;
    while (!next.done && !stop.signal.aborted) {
      await starting.promise;
      const most = pace === "max" && !audience.keepsUp() ? played : played + batch;
      while (!next.done && isPlaying && played < most && isDue(next.value)) {
        audience.deliver(next.value);
        played++;
        const coming = events.next();
        next = coming instanceof Promise ? await coming : coming;
      }
      audience.flush();
      await sleep(played === most ? 0 : tick, stop.signal);
    }
    isFinished = next.done === true;
    await events.return?.();
  };
  const finished = run();

  return {
    start() {
      if (isPlaying) return;
      isPlaying = true;
      startedAt = performance.now();
      starting.resolve();
    },
    pause() {
      if (!isPlaying) return;
      playedFor = elapsed();
      isPlaying = false;
      starting = Promise.withResolvers();
    },
    get isPlaying() {
      return isPlaying;
    },
    get isFinished() {
      return isFinished;
    },
    get played() {
      return played;
    },
    get time() {
      return time();
    },
    finished,
    async [Symbol.asyncDispose]() {
      stop.abort();
      starting.resolve();
      await finished.catch(() => {}); // the caller that awaits `finished` has the error
    },
  };
}

function iterate(events: Events): Iterator<MarketEvent> | AsyncIterator<MarketEvent> {
  return Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
}
