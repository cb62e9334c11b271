/** When requests may be sent to the exchange. A process has one, since the exchange counts requests and their weight by address. */
export interface RequestPause {
  /** For how long no request may be sent, of any kind, in ms; 0 if one may be. */
  readonly left: number;
  /**
   * The same for a request of so much weight, which must also fit into what is left of this minute's. The exchange tells with each
   * answer what has been used, by all programs of this address.
   * @param keep weight that is left for others, half of all at most
   */
  leftFor(weight: number, keep?: number): number;
  /**
   * The same for a request that is one of many and can wait: these spread over the minute, and use no more than `EVEN_SHARE` of what
   * may be used up to any moment of it. So the others need never wait for the next minute.
   */
  leftForEvenly(weight: number): number;
  /** Takes the HTTP status of an answer, its headers, if it has any, and its text, which may tell until when a ban lasts. */
  note(status: number, headers?: Pick<Headers, "get">, text?: string): void;
  /** The weight that the exchange last said was used in the minute that goes on; 0 where it has said nothing of that minute. */
  readonly used: number;
}

/** How long a ban lasts, in ms: 2 minutes at first, 3 days at most. Binance: "LIMITS". */
const BAN_MS = { least: 120_000, most: 3 * 86_400_000 };
const MINUTE_MS = 60_000;
const EVEN_SHARE = 0.75;
/** Binance: "Error Codes", -1003. The time is in ms since the epoch. */
const BANNED_UNTIL = /banned until (\d{13})\b/;

/**
 * Makes a pause of length 0. A ban lasts as long as the greater of `Retry-After` and its text says. One without either is assumed to
 * last twice as long as the one before, and the firewall's refusal (403) as long as the first ban. Too many requests
 * (429) end with the minute.
 * @param most the weight that all programs of this address may use in a minute
 */
export function createRequestPause(most = Infinity): RequestPause {
  let notBefore = 0;
  let bans = 0;
  let weight = { used: 0, until: 0 };
  const now = () => performance.now();
  const left = () => Math.max(0, notBefore - now());
  const used = () => now() < weight.until ? weight.used : 0;
  return {
    get left() {
      return left();
    },
    leftFor(wanted, keep = 0) {
      return used() + wanted <= most - Math.min(keep, most / 2)
        ? left()
        : Math.max(left(), weight.until - now());
    },
    leftForEvenly(wanted) {
      if (used() === 0) return left();
      // As much time of the minute must have passed, in ms.
      const needed = (used() + wanted) / (EVEN_SHARE * most) * MINUTE_MS;
      const minuteLeft = weight.until - now();
      return Math.max(left(), Math.min(minuteLeft, needed - (MINUTE_MS - minuteLeft)));
    },
    note(status, headers, text = "") {
      const until = status === 418 || status === 429 ? Number(BANNED_UNTIL.exec(text)?.[1] ?? NaN) : NaN;
      const told = Math.max(
        1_000 * Number(headers?.get("retry-after") ?? NaN) || 0,
        until - timeOf(headers) || 0,
      );
      const minuteEnd = msToMinuteEnd(headers);
      const unknown = status === 418
        ? BAN_MS.least * 2 ** bans
        : status === 429
        ? minuteEnd
        : status === 403
        ? BAN_MS.least
        : 0;
      if (status === 418) bans++;
      else if (status < 400) bans = 0;
      const pause = Math.min(mostFor(status), told > 0 ? told : unknown);
      notBefore = Math.max(notBefore, now() + pause);
      const count = Number(headers?.get("x-mbx-used-weight-1m") ?? NaN);
      if (Number.isFinite(count)) weight = { used: count, until: now() + minuteEnd };
    },
    get used() {
      return used();
    },
  };
}

/** The longest pause that is believed, in ms: sockets wait for it as well. Only a ban lasts for days. */
function mostFor(status: number): number {
  if (status === 418) return BAN_MS.most;
  return status === 429 || status === 403 ? 60 * MINUTE_MS : MINUTE_MS;
}

/** How long the exchange's minute goes on, at most. */
function msToMinuteEnd(headers?: Pick<Headers, "get">): number {
  return MINUTE_MS - timeOf(headers) % MINUTE_MS;
}

/** The exchange's time, up to a second ago: its `Date` has whole seconds. Without a `Date` this machine's clock tells, which may differ. */
function timeOf(headers?: Pick<Headers, "get">): number {
  const date = Date.parse(headers?.get("date") ?? "");
  return Number.isNaN(date) ? Date.now() - 1_000 : date;
}
