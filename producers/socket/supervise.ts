import { describe, type Log } from "../../shared/log.ts";
import { backoff, sleep } from "../../shared/wait.ts";
import type { ConnectionOptions, Listener, Live } from "./types.ts";
import { explainRefusal } from "./refusal.ts";
import { replace } from "./replace.ts";
import type { Socket } from "./socket.ts";

/** Pauses between attempts to replace a connection that is still there, in ms: the exchange bans who does not back off. */
const PAUSES = { least: 5_000, most: 60_000 };

/** How long a new connection is kept that the exchange also announces to end, in ms: all its servers may be shutting down. */
const SETTLED_MS = 10_000;

/** Keeps a connection for as long as it lasts, and those that take its place; returns why the last of them ended. */
export async function superviseConnection(
  live: Live,
  open: () => Promise<Live>,
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
      live = await replace(live, isDead, open, listener, signal);
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

  const stop = () => live.socket.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!signal.aborted) {
      const event = await next(options, live, notBefore, signal);
      if (typeof event === "string") return event;
      if (event.mute.length > 0) listener.onMute(event.mute);
      if (event.resubscribe) resubscribe(live.socket, event.mute, log);
      else if (performance.now() >= notBefore) await move(event.mute.length === options.streams.length);
    }
    return "closed by us";
  } finally {
    signal.removeEventListener("abort", stop);
    // Told to stop while the connection was being replaced: nobody has closed the new one.
    if (signal.aborted) stop();
  }
}

/**
 * Waits for what ends the quiet life of a connection: its end, streams that died in it, its age, or the exchange's word that it
 * will end it; the last two do so no earlier than it may be replaced.
 */
async function next(
  { watchdog, rolloverMs, silenceMs }: ConnectionOptions,
  { socket, since, ending }: Live,
  notBefore: number,
  signal: AbortSignal,
): Promise<string | { mute: string[]; resubscribe: boolean }> {
  const done = new AbortController();
  const over = AbortSignal.any([signal, done.signal]);
  const age = async () => {
    const due = since + rolloverMs * (1 - Math.random() / 10);
    await sleep(due - performance.now(), AbortSignal.any([over, ending]));
    const earliest = ending.aborted ? Math.max(notBefore, since + SETTLED_MS) : notBefore;
    await sleep(earliest - performance.now(), over);
    return { mute: [], resubscribe: false };
  };
  const watch = async () => {
    while (!over.aborted) {
      await sleep(Math.max(250, silenceMs / 8), over);
      const found = over.aborted ? undefined : await watchdog.check(performance.now());
      if (found) return { mute: found.streams, resubscribe: found.verdict === "resubscribe" };
    }
    return { mute: [], resubscribe: false };
  };
  try {
    return await Promise.race([socket.closed, age(), watch()]);
  } finally {
    done.abort();
  }
}

function resubscribe(socket: Socket, streams: readonly string[], log: Log): void {
  log.warn("streams went mute and are subscribed again", { streams: streams.join() });
  const request = (method: string, id: number) =>
    socket.send(JSON.stringify({ method, params: streams, id }));
  request("UNSUBSCRIBE", 1);
  request("SUBSCRIBE", 2);
}
