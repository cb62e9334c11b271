import assert from "node:assert/strict";
import { silent } from "../../tests/silent.ts";
import { readConfig } from "../../shared/config/config.ts";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import { book } from "../../shared/streams/book.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createOutlets, runOutlets } from "./outlets.ts";

Deno.test("a gap that the last ack tells is sent before the producer ends", async () => {
  await inFastTime(async () => {
    const stored: Record<string, string[]> = {};
    const kafka = {
      ensureTopics: () => Promise.resolve(),
      producer: (topic: string) => ({
        async trySend(messages: readonly Outgoing[]) {
          await sleep(50);
          (stored[topic] ??= []).push(...messages.map(({ value }) => String(value)));
          return [];
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    };
    const worker = { config: readConfig({}), log: silent, deadline: new AbortController().signal };
    const counts = { produced: 0, rejected: 0, dropped: 0, merged: 0 };
    const outlets = createOutlets(book.message, worker, kafka as never, counts, {
      onDropped() {},
      onAcked: () => outlets.gaps.push({ key: "BTCUSDT", value: "a gap" }),
    });
    outlets.messages.push({ key: "BTCUSDT", value: "a tick" });
    outlets.messages.close();
    outlets.letters.close();
    const ready = Promise.resolve();
    await runOutlets(outlets, [ready, ready, ready]);
    assert.deepEqual(stored, { order_book_data: ["a tick"], gap_data: ["a gap"] });
  });
});
