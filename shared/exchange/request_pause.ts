/** The time in which no request may be sent to the exchange. A process has one, since the exchange counts requests by address. */
export interface RequestPause {
  /** What is left of the pause in ms; 0 if a request may be sent. */
  readonly left: number;
  /** Takes the HTTP status of an answer and its header `Retry-After` in seconds, if it has one. */
  note(status: number, retryAfter: string | null): void;
}

/** How long a ban lasts, in ms: 2 minutes at first, 3 days at most. Binance: "LIMITS". */
const BAN_MS = { least: 120_000, most: 3 * 86_400_000 };

/** Makes a pause of length 0. A ban without a `Retry-After` is assumed to last twice as long as the one before. */
export function createRequestPause(): RequestPause {
  let notBefore = 0;
  let bans = 0;
  const left = () => Math.max(0, notBefore - performance.now());
  return {
    get left() {
      return left();
    },
    note(status, retryAfter) {
      const told = 1_000 * Number(retryAfter ?? NaN);
      const unknown = status === 418 ? BAN_MS.least * 2 ** bans : 0;
      if (status === 418) bans++;
      else if (status < 400) bans = 0;
      const pause = Math.min(BAN_MS.most, told > 0 ? told : unknown);
      notBefore = Math.max(notBefore, performance.now() + pause);
    },
  };
}
