import { request } from "../../shared/exchange/request.ts";
import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import { INVALID_SYMBOL } from "../../shared/exchange/rest.ts";
import { describe, type Log } from "../../shared/log.ts";
import type { Confirmation } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import type { ExchangeClock, Session, SilentFeed } from "./session.ts";

/** What a look costs of the exchange's request weight, at most. */
const MOST_WEIGHT = 2;
/** This is at most a tenth of what the exchange allows. In ms. */
const EVERY_MS = 500;
/** A look is made so often even while others, such as repairs and imports, use more of the weight than looks may, in ms. */
const LEAST_EVERY_MS = 5_000;
/** What such a look leaves of the minute's weight to the watchdogs. */
const KEPT_WEIGHT = 40;
/** An answer may be as old as this, in ms. */
const STALE_MS = 1_000;
const ANSWER_MS = 3_000;

/** A silent feed, with its session. */
interface Candidate extends SilentFeed {
  readonly session: Pick<Session, "confirmed">;
}

/**
 * Asks by REST, one feed at a time, whether silent feeds are quiet, and confirms those that are, until the signal is aborted. The feed
 * that was asked for the longest ago is next.
 * @param url the URL of the confirmation's path
 * @param symbols the symbol of each feed
 */
export async function confirmSilences<M>(
  sessions: readonly Pick<Session, "silent" | "confirmed">[],
  { isQuiet }: Confirmation<M>,
  url: string,
  symbols: ReadonlyMap<string, string>,
  clock: ExchangeClock,
  requestPause: RequestPause,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let lookedAt = new Map<string, number>();
  let last = performance.now();

  const choose = (): Candidate | undefined => {
    const all = sessions.flatMap((session) => session.silent().map((one) => ({ ...one, session })));
    lookedAt = new Map(all.map(({ feed }) => [feed, lookedAt.get(feed) ?? 0]));
    // One that is urgent is the first once: if it is not quiet, it must not keep the others from being asked for.
    const rank = ({ feed, isUrgent }: Candidate) => lookedAt.get(feed) || (isUrgent ? -1 : 0);
    return all.toSorted((a, b) => rank(a) - rank(b))[0];
  };
  const look = async ({ feed, since, message, session }: Candidate) => {
    last = performance.now();
    lookedAt.set(feed, last);
    const at = clock.earliest() - STALE_MS;
    const query = new URLSearchParams({ symbol: symbols.get(feed)! });
    const { ok, status, text } = await request(`${url}?${query}`, requestPause, ANSWER_MS, signal);
    if (!ok && status !== 400) return;
    const answer = JSON.parse(text);
    // Nothing happens of a symbol that is delisted, or that there never was.
    const isUnknown = !ok && answer.code === INVALID_SYMBOL;
    // A message that came meanwhile makes the confirmation void, as it is of an earlier time.
    if (isUnknown || ok && isQuiet(answer, message as M | undefined, since, clock.latest())) {
      session.confirmed(feed, at);
    }
  };

  // The watchdogs, whose looks decide whether a feed is mute, need weight at any moment of the minute.
  const mayLook = () =>
    requestPause.leftForEvenly(MOST_WEIGHT) === 0 ||
    performance.now() - last >= LEAST_EVERY_MS && requestPause.leftFor(MOST_WEIGHT, KEPT_WEIGHT) === 0;

  for (; !signal.aborted; await sleep(EVERY_MS, signal)) {
    if (!mayLook() || clock.earliest() === -Infinity) continue;
    const candidate = choose();
    if (!candidate) continue;
    await look(candidate).catch((error) =>
      log.debug("no look at a silent feed", { feed: candidate.feed, why: describe(error) })
    );
  }
}
