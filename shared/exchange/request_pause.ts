/** How long to send the exchange no request. One for the whole process: the exchange counts requests by address, not by connection. */
export interface RequestPause {
  /** In ms from now; 0 if a request may be sent. */
  readonly left: number;
  /** Notes an answer with that status and `Retry-After`, if it has one. */
  note(status: number, retryAfter: string | null): void;
}

/** Binance: "LIMITS". A ban lasts 2 minutes at first, and up to 3 days. */
const BAN_MS = { least: 120_000, most: 3 * 86_400_000 };

/** At first a request may be sent. Each ban without a given end is assumed to last twice as long as the one before. */
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
