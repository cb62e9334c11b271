import { describe, type Log } from "../../shared/log.ts";
import { backoff, sleep } from "../../shared/wait.ts";
import type { ConnectionOptions, Listener, Live } from "./types.ts";
import { explainRefusal } from "./refusal.ts";
import { replace } from "./replace.ts";
import type { Finding, Watchdog } from "./watchdog.ts";

/** Pauses between attempts to replace a connection that still works, in ms. The exchange bans clients that do not back off. */
const PAUSES = { least: 5_000, most: 60_000 };

/** So often a connection is asked something, in ms, where nothing comes on it for that time or one of its feeds may be dead. */
const QUIET_MS = 1_000;

/** How long a new connection is kept if the exchange announces its end, too, in ms: all servers may be shutting down. */
const SETTLED_MS = 10_000;

/** Watches a connection and replaces it where needed, until it ends; returns why the last connection ended. */
export async function superviseConnection(
  live: Live,
  open: (isNew: boolean) => Promise<Live>,
  options: ConnectionOptions,
  listener: Listener,
  signal: AbortSignal,
  log: Log,
): Promise<string> {
  let failures = 0;
  /** No replacement is attempted earlier, in ms of `performance.now()`. */
  let notBefore = 0;

  const move = async (isDead: boolean) => {
    try {
      live = await replace(live, { isDead, isSparse: options.isSparse }, open, listener, signal);
      failures = notBefore = 0;
      options.watchdog.reset(performance.now());
      log.info("moved to a new connection");
    } catch (error) {
      if (signal.aborted) return;
      const words = await explainRefusal(options.url, describe(error), options.requestPause);
      const pause = Math.max(options.requestPause.left, backoff(failures++, PAUSES.least, PAUSES.most));
      notBefore = performance.now() + pause;
      log.sparsely("replacement", "cannot replace the connection yet and keeps the old one", {
        why: words,
        retry_in_ms: Math.round(pause),
      });
    }
  };

  const act = async ({ verdict, feeds }: Finding) => {
    if (feeds.length > 0) listener.onMute(feeds);
    if (verdict === "resubscribe") return resubscribe(live, feeds, listener, log);
    if (performance.now() >= notBefore) await move(feeds.length === options.feeds.length);
  };

  /** An answer shows that all has come that the exchange had sent on the connection before. */
  const askWhereQuiet = async (signal: AbortSignal) => {
    for (; !signal.aborted; await sleep(QUIET_MS, signal)) {
      const isQuiet = performance.now() - live.heardAt >= QUIET_MS || options.watchdog.isSuspicious;
      if (isQuiet && live.requests.size === 0) ask(live, listener, options.watchdog);
    }
  };

  const stop = () => live.socket.close();
  const over = new AbortController();
  const asking = askWhereQuiet(over.signal);
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!signal.aborted) {
      const event = await next(options, live, notBefore, signal);
      if (typeof event === "string") return event;
      await act(event);
    }
    return "closed by us";
  } finally {
    over.abort();
    await asking;
    signal.removeEventListener("abort", stop);
    // If the signal came while the connection was being replaced, the new one is still open.
    if (signal.aborted) stop();
  }
}

/**
 * Waits until a connection ends, or something must be done: the watchdog found something, it is old, or the exchange announced its
 * end. The last two are told no earlier than the connection may be replaced. Returns why it ended, or what must be done.
 */
async function next(
  { watchdog, rolloverMs, silenceMs }: ConnectionOptions,
  { socket, since, ending }: Live,
  notBefore: number,
  signal: AbortSignal,
): Promise<string | Finding> {
  const done = new AbortController();
  const over = AbortSignal.any([signal, done.signal]);
  const nothingDead: Finding = { verdict: "reconnect", feeds: [] };
  const age = async () => {
    const due = since + rolloverMs * (1 - Math.random() / 10);
    await sleep(due - performance.now(), AbortSignal.any([over, ending]));
    const earliest = ending.aborted ? Math.max(notBefore, since + SETTLED_MS) : notBefore;
    await sleep(earliest - performance.now(), over);
    return nothingDead;
  };
  const watch = async () => {
    while (!over.aborted) {
      await sleep(Math.max(250, silenceMs / 8), over);
      const found = over.aborted ? undefined : await watchdog.check(performance.now());
      if (found) return found;
    }
    return nothingDead;
  };
  try {
    return await Promise.race([socket.closed, age(), watch()]);
  } finally {
    done.abort();
  }
}

function ask(live: Live, listener: Listener, watchdog: Watchdog): void {
  const sentAt = performance.now();
  const onAnswer = listener.onAsking();
  request(live, "LIST_SUBSCRIPTIONS", undefined, () => {
    live.answeredTo = sentAt;
    watchdog.caughtUp(sentAt);
    onAnswer();
  });
}

function resubscribe(live: Live, feeds: readonly string[], listener: Listener, log: Log): void {
  log.warn("feeds went mute and are subscribed again", { feeds: feeds.join() });
  request(live, "UNSUBSCRIBE", feeds);
  request(live, "SUBSCRIBE", feeds, () => listener.onSubscribed(feeds));
}

/**
 * Sends a request. The exchange answers it with its `id`, an integer. Binance: "Live Subscribing/Unsubscribing to Streams".
 * @param onAnswer is called once it is granted
 */
function request(
  { socket, requests }: Live,
  method: "UNSUBSCRIBE" | "SUBSCRIBE" | "LIST_SUBSCRIPTIONS",
  params?: readonly string[],
  onAnswer = () => {},
): void {
  const id = nextId++;
  requests.set(id, onAnswer);
  socket.send(JSON.stringify({ method, params, id }));
}

let nextId = 1;
