import assert from "node:assert/strict";
import { silent } from "../local/testing.ts";
import { sleep } from "../shared/wait.ts";
import type { Gap } from "../shared/streams/gap.ts";
import { book } from "../shared/streams/book.ts";
import { sampleOf } from "../tests/faults/sample.ts";
import { inFastTime } from "../tests/fast_time.ts";
import type { Outgoing } from "../shared/kafka/mod.ts";
import { createBuffer } from "./buffer.ts";
import { createGapKeeper } from "./gap_keeper.ts";
import type { Twin } from "./twin.ts";

const entryOf = (message: { symbol: string }): Outgoing => ({
  key: message.symbol,
  value: JSON.stringify(message),
});
const noTwin: Pick<Twin, "mark" | "silenceIn"> = {
  mark: () => ({ at: 0, end: Promise.resolve(0), settled: 0 }),
  silenceIn: ({ from, to }) => Promise.resolve({ from, to, times: new Map() }),
};
const symbols = new Map([["btcusdt@bookTicker", "BTCUSDT"]]);

Deno.test("what a buffer that never has room drops is told every few seconds, and counted exactly", async () => {
  await inFastTime(async () => {
    let dropped = 0;
    const told = new Map<number, number>();
    const push = ({ value }: Outgoing) => {
      const { startedAt, dropped }: Gap = JSON.parse(String(value));
      told.set(startedAt, dropped!);
    };
    const buffer = createBuffer(3_000, {
      onMerged() {},
      onDropped({ key }) {
        dropped++;
        keeper.dropped(String(key), Date.now());
      },
    });
    const keeper = createGapKeeper("book", symbols, buffer, { push }, noTwin, silent);
    const message = entryOf({ ...sampleOf(book), symbol: "BTCUSDT" });
    // A Kafka that takes one message of ten.
    for (let second = 0; second < 60; second++, await sleep(1_000)) {
      for (let n = 0; n < 10; n++) buffer.push(message);
      keeper.sending(await buffer.take(600, new AbortController().signal));
      buffer.settle();
      const untold = dropped - [...told.values()].reduce((sum, count) => sum + count, 0);
      assert.ok(untold >= 0 && untold <= 7 * 10, `${untold} of ${dropped} untold in second ${second}`);
      keeper.flush();
    }
    assert.ok(dropped > 500);
  });
});
