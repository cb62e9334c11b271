const MINUTE = 60_000;
const units: Record<string, number> = { m: MINUTE, h: 60 * MINUTE, d: 1_440 * MINUTE };

/**
 * The length of a candle of up to a day, in ms: such candles begin at midnight UTC and divide each day evenly. Undefined for longer ones,
 * which no file of a day or a month has whole.
 */
export function lengthOf(interval: string): number | undefined {
  const [, count, unit] = /^(\d{1,2})([mhd])$/.exec(interval) ?? [];
  const length = Number(count) * units[unit];
  return length > 0 && units.d % length === 0 ? length : undefined;
}
