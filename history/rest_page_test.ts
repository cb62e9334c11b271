import assert from "node:assert/strict";
import { usualMarket } from "../shared/exchange/markets/mod.ts";
import { type RestAnswer, RestRefusal } from "../shared/exchange/rest.ts";
import type { Stream } from "../shared/stream.ts";
import { kline } from "../shared/streams/kline.ts";
import { askTwice } from "./rest_page.ts";

const MINUTE = 60_000;
const start = Date.UTC(2024, 1, 1);
const series = { stream: kline as unknown as Stream, symbol: "BTCUSDT", interval: "1m" };
const span = { since: start, until: start + 5 * MINUTE };
const rows = (...minutes: number[]) =>
  minutes.map((minute) => {
    const open = start + minute * MINUTE;
    return [open, "1.1", "1.2", "1.0", "1.1", "5", open + MINUTE - 1, "5.5", 7, "2", "2.2", "0"];
  });

/** Which minutes REST gave, with these answers one after the other, and from which minutes on it was asked. */
async function given(answers: readonly (unknown[] | Error)[], at = start + 60 * MINUTE) {
  const asked: number[] = [];
  const client = {
    ask(_path: string, query: Readonly<Record<string, string | number>>): Promise<RestAnswer> {
      asked.push((Number(query.startTime) - start) / MINUTE);
      const body = answers[asked.length - 1];
      return body instanceof Error ? Promise.reject(body) : Promise.resolve({ body, at });
    },
  };
  const { signal } = new AbortController();
  const { final, end } = await askTwice({ client, market: usualMarket, signal }, series, span);
  const minutes = final.map((message) =>
    (Number((message as { openTime?: number }).openTime) - start) / MINUTE
  );
  return { minutes, asked, end: (end - start) / MINUTE };
}

Deno.test("what an answer lacks at its end is asked for once more: it may be empty, or cut off, by mistake", async () => {
  const all = [0, 1, 2, 3, 4];
  assert.deepEqual(await given([rows(...all)]), { minutes: all, asked: [0], end: 5 });
  assert.deepEqual(await given([[], rows(...all)]), { minutes: all, asked: [0, 0], end: 5 });
  assert.deepEqual(await given([rows(0, 1), rows(2, 3, 4)]), { minutes: all, asked: [0, 2], end: 5 });
  assert.deepEqual(await given([rows(0, 3, 4)]), { minutes: [0, 3, 4], asked: [0], end: 5 });
  assert.deepEqual(await given([rows(0), []]), { minutes: [0], asked: [0, 1], end: 5 });
  const unknown = new RestRefusal(-1121, "Invalid symbol.", 0);
  assert.deepEqual(await given([unknown, rows(...all)]), { minutes: all, asked: [0, 0], end: 5 });
});

Deno.test("candles that are not final yet are not asked for again", async () => {
  const at = start + 3 * MINUTE + 20_000;
  assert.deepEqual((await given([rows(0, 1, 2, 3)], at)).asked, [0]);
});
