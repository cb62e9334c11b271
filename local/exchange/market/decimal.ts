/** Whole units, not negative, as decimal text with `scale` decimals: 6180020 at 2 → `"61800.20"`. */
export function decimalText(units: number | bigint, scale: number): string {
  if (scale === 0) return String(units);
  const digits = String(units).padStart(scale + 1, "0");
  return digits.slice(0, -scale) + "." + digits.slice(-scale);
}

/** The number of decimals: `"61800.20"` → 2. */
export function scaleOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

/** Decimal text as whole units: `"61800.20"` → 6180020. Exact while that is below 2^53. */
export function unitsOf(text: string): number {
  return Number(text.replace(".", ""));
}

/** The sum of decimal texts, with as many decimals as the longest has; "0" of none. */
export function sumOf(texts: readonly string[]): string {
  const scale = Math.max(0, ...texts.map(scaleOf));
  const units = texts.map((text) => BigInt(text.replace(".", "")) * 10n ** BigInt(scale - scaleOf(text)));
  return decimalText(units.reduce((total, one) => total + one, 0n), scale);
}
