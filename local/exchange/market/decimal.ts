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
