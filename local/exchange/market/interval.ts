const minute = 60_000;
const day = 24 * 60 * minute;

const lengths: Record<string, number> = {
  "1m": minute,
  "3m": 3 * minute,
  "5m": 5 * minute,
  "15m": 15 * minute,
  "30m": 30 * minute,
  "1h": 60 * minute,
  "2h": 120 * minute,
  "4h": 240 * minute,
  "6h": 360 * minute,
  "8h": 480 * minute,
  "12h": 720 * minute,
  "1d": day,
  "3d": 3 * day,
};

/** The intervals of Binance's candles. */
export const intervals: readonly string[] = [...Object.keys(lengths), "1w", "1M"];

/** A candle's first and last ms since the epoch. */
export interface Span {
  readonly openTime: number;
  readonly closeTime: number;
}

/**
 * The candle that a time, in ms since the epoch, falls into. Weeks begin on Monday, months on the first, all in UTC.
 * @throws {RangeError} if Binance has no such interval
 */
export function spanOf(interval: string, time: number): Span {
  if (interval === "1M") {
    const date = new Date(time);
    const openTime = Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    return { openTime, closeTime: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - 1 };
  }
  if (interval === "1w") return fixed(7 * day, time, 4 * day); // The epoch was a Thursday.
  if (!Object.hasOwn(lengths, interval)) {
    throw new RangeError(
      `Cannot use the interval as it must be one of ${intervals.join(", ")}: it is ${interval}`,
    );
  }
  return fixed(lengths[interval], time, 0);
}

function fixed(length: number, time: number, origin: number): Span {
  const openTime = Math.floor((time - origin) / length) * length + origin;
  return { openTime, closeTime: openTime + length - 1 };
}
