import type { Random } from "../../local/exchange/market/random.ts";

const noDecimals = [
  "NaN",
  "Infinity",
  "1e5",
  "",
  " 1",
  "0x10",
  "1,5",
  "--1",
  ".5",
  "１",
  1.5,
  null,
  ["1"],
  {},
];
const noNumbers = [1.5, -1e300, "1", null, [], {}, true];
const noSymbols = ["", " ", "BTC/USDT", "'; drop table kline_data; --", "\u0000", "x".repeat(41), 7, null];
const noJson = ["", " ", "null", "[]", "42", '"text"', "nonsense", "[".repeat(10_000), "\ufeff{}", "\u0000"];

/** Fields that a message may lack, and those that may be null, of any stream. */
const optional = ["receivedAt", "revision"];
const nullable = ["firstTradeId", "lastTradeId"];

/** Makes a good message bad: no consumer can store its bytes, or mistake them for a message of the PySpark pipeline. */
export function mutate(message: object, random: Random): Uint8Array {
  const text = JSON.stringify(message);
  const any = <T>(all: readonly T[]) => all[random(all.length)];
  const fieldOf = (isWanted: (name: string, value: unknown) => boolean) =>
    any(Object.entries(message).filter(([name, value]) => isWanted(name, value)).map(([name]) => name));
  const changed = (name: string, value: unknown) => JSON.stringify({ ...message, [name]: value });
  const bytes = (some: string) => new TextEncoder().encode(some);

  const mutations: (() => Uint8Array)[] = [
    () => bytes(text.slice(0, random(text.length))),
    () => bytes(text + text),
    () => bytes(`[${text}]`),
    () => bytes(any(noJson)),
    // 0xff occurs in no UTF-8 text.
    () => bytes(text).with(random(text.length), 0xff),
    () => crypto.getRandomValues(new Uint8Array(1 + random(300))).with(0, 0xff),
    () => bytes(changed(fieldOf((name) => !optional.includes(name)), undefined)),
    () =>
      bytes(
        changed(
          fieldOf((name, value) =>
            /^\d/.test(`${value}`) && typeof value === "string" && name !== "interval"
          ),
          any(noDecimals),
        ),
      ),
    () =>
      bytes(
        changed(
          fieldOf((name, value) => typeof value === "number" && !nullable.includes(name)),
          any(noNumbers),
        ),
      ),
    () => bytes(changed("symbol", any(noSymbols))),
    // A number that JSON.parse would round.
    () => bytes(text.replace(/(?<="(?:updateId|numTrades)":)\d+/, "9007199254740993")),
  ];
  return any(mutations)();
}
