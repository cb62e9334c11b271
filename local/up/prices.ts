import type { Picture } from "./picture.ts";
import { type Row, type Span, widthOf } from "./rows.ts";

/** Between columns of prices. */
const GAP = 4;

/** The last prices in columns, aligned by their points, in so many columns and rows; a last cell says how many more there are. */
export function priceRows(prices: Picture["prices"], width: number, most: number): Row[] {
  const cells = align(prices);
  if (cells.length === 0 || most === 0) return [];
  const wide = widthOf(cells[0].symbol) + 1 + cells[0].price.length + GAP;
  const across = Math.max(1, Math.floor((width + GAP) / wide));
  const height = Math.min(most, Math.ceil(cells.length / across));
  const room = across * height;
  const shown = cells.length <= room ? cells : cells.slice(0, room - 1);
  const spans = shown.map(({ symbol, price }): Span[] => [
    { text: `${symbol} `, style: "dim" },
    { text: price + " ".repeat(GAP) },
  ]);
  if (shown.length < cells.length) {
    spans.push([{ text: `and ${cells.length - shown.length} more`, style: "dim" }]);
  }
  // Down the first column, then down the next one.
  return Array.from({ length: height }, (_, row) => spans.filter((_, i) => i % height === row).flat());
}

function align(prices: Picture["prices"]): { symbol: string; price: string }[] {
  const split = Object.entries(prices).map(([symbol, price]) => {
    const [whole, decimals] = price.split(".");
    return { symbol, whole, decimals: decimals === undefined ? "" : `.${decimals}` };
  });
  const longest = (part: "symbol" | "whole" | "decimals") =>
    Math.max(...split.map((one) => one[part].length));
  return split.map(({ symbol, whole, decimals }) => ({
    symbol: symbol.padEnd(longest("symbol")),
    price: whole.padStart(longest("whole")) + decimals.padEnd(longest("decimals")),
  }));
}
