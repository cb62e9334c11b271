import type { Tally } from "../tally.ts";

/** How frames are damaged. Whatever is done, the good frame still comes: the truth stays what it was. */
export type Damage = "garbage" | "truncated" | "duplicated" | "reordered" | "huge";

/** What no client can make a message of, though some of it is JSON. None of it is a reply or an error of the exchange. */
const garbage = [
  "",
  "nonsense",
  "null",
  "[]",
  "{}",
  '{"stream":"btcusdt@bookTicker"}',
  '{"stream":"btcusdt@bookTicker","data":null}',
  '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":"1","s":"BTCUSDT"}}',
  '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":9007199254740993,"s":"BTCUSDT","b":"1","B":"1",' +
  '"a":"1","A":"1","T":1,"E":1}}',
  '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":1,"s":"BTCUSDT","b":"NaN","B":"1","a":"1e5",' +
  '"A":"1","T":1,"E":1}}',
  '{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1,"s":"BTCUSDT","k":{}}}',
  "\u0000\ufffd币安",
];

const hugeBytes = 5_000_000;

/** Where frames go. */
export interface Outlet {
  send(text: string): void;
  /** Sends a text before the last one that still waits; false if none waits. */
  sendEarlier(text: string): boolean;
}

/** Damages what is sent, as ordered: one order after the other. */
export interface Damager {
  /** So many frames, each `every`-th one. */
  order(damage: Damage, frames: number, every: number): void;
  clear(): void;
  send(outlet: Outlet, text: string): void;
}

/** Each damage done is added to `done` by its name. */
export function createDamager(done: Tally): Damager {
  let orders: { damage: Damage; left: number; every: number; passed: number }[] = [];
  let turn = 0;

  /** Whether that was done: reordering wants two frames that wait. */
  const damageBy: Record<Damage, (outlet: Outlet, text: string) => boolean> = {
    garbage: (outlet, text) => both(outlet, garbage[turn++ % garbage.length], text),
    truncated: (outlet, text) => both(outlet, text.slice(0, 1 + turn++ % (text.length - 1)), text),
    duplicated: (outlet, text) => both(outlet, text, text),
    huge: (outlet, text) => both(outlet, `{"stream":"huge","data":"${"x".repeat(hugeBytes)}"}`, text),
    reordered: (outlet, text) => outlet.sendEarlier(text),
  };

  return {
    order: (damage, left, every) => void orders.push({ damage, left, every, passed: 0 }),
    clear: () => orders = [],
    send(outlet, text) {
      const [order] = orders;
      if (!order || ++order.passed % order.every !== 0 || !damageBy[order.damage](outlet, text)) {
        return outlet.send(text);
      }
      done.add(order.damage);
      if (--order.left === 0) orders.shift();
    },
  };
}

function both(outlet: Outlet, bad: string, good: string): true {
  outlet.send(bad);
  outlet.send(good);
  return true;
}
