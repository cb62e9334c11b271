import assert from "node:assert/strict";
import { processName } from "./process_name.ts";

const producer = ["kafka", "exchange", "producer"] as const;
const env = { KAFKA_GROUP_ID: "prices" };

Deno.test("two producers of one group on a host have a name each, so that neither takes the other's row", () => {
  const names = ["first", "second"].map((name) => processName(producer, { ...env, PRODUCER_NAME: name }));
  assert.deepEqual(names, ["first", "second"]);
});

Deno.test("a consumer is named by its group, whatever the producers beside it are named", () => {
  assert.equal(processName(["kafka", "database"], { ...env, PRODUCER_NAME: "first" }), "prices");
});
