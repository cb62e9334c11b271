import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Fetcher } from "./fetcher.ts";
import { findOtherLog } from "./log_look.ts";
import { type Mark, markOf } from "./mark.ts";
import { codecs, encodeRecordBatch } from "./record_batch.ts";
import { values } from "./test_sets.ts";

const utf8 = new TextEncoder();
const markAt0 = (value: string): Mark =>
  markOf({ offset: "0", key: utf8.encode("k"), value: utf8.encode(value) });

/** A log of one message at offset 0, whose last byte may have been damaged since. */
async function logOf(value: string, isDamaged = false): Promise<Fetcher> {
  const bytes = Buffer.from(await encodeRecordBatch(values(value), codecs.none));
  if (isDamaged) bytes[bytes.length - 1] ^= 1;
  const messages = [{ bytes, aborted: [], end: 1 }];
  return {
    partitions: () => Promise.resolve([0]),
    extentOf: () => Promise.resolve([{ partition: 0, low: 0, high: 1 }]),
    fetch: () => Promise.resolve([{ partition: 0, highWatermark: "1", messages }]),
    close: () => Promise.resolve(),
  };
}

const find = (first: Fetcher, second: Fetcher) => findOtherLog(() => second, 0, markAt0("read"), first);

Deno.test("a log is another one where two looks find another message", async () => {
  const [same, other] = [await logOf("read"), await logOf("another")];
  assert.deepEqual(await find(other, other), { beginning: 0, isShort: false });
  assert.equal(await find(other, same), undefined);
  assert.equal(await find(same, other), undefined);
});

Deno.test("a message whose batch was damaged on the disk since it was read says nothing, so that commits go on", async () => {
  const [damaged, other] = [await logOf("read", true), await logOf("another")];
  assert.equal(await find(damaged, damaged), undefined);
  assert.equal(await find(other, damaged), undefined);
  assert.deepEqual(await find(damaged, other), { beginning: 0, isShort: false });
});
