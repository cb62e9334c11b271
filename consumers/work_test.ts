import assert from "node:assert/strict";
import { readConfig } from "../shared/config/config.ts";
import { book } from "../shared/streams/book.ts";
import { silent } from "../tests/silent.ts";
import { createMeter } from "./meter.ts";
import { createWork } from "./work.ts";

Deno.test("a consumer that knows why it can't go on is not restarted: it would get the same answer", async () => {
  const meter = createMeter();
  const work = createWork(
    book.message,
    { ping: () => Promise.resolve() },
    readConfig({}).kafka,
    meter,
    silent,
  );
  meter.trouble("kafka", "Not authorized to access topics", true);
  await assert.rejects(work.waiting(), /a person must act: Not authorized/);
  meter.trouble("kafka", undefined);
  meter.trouble("database", "Cannot reach the database");
  await assert.rejects(work.waiting(), /the database refuses, or is away/);
});
