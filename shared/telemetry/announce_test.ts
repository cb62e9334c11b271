import assert from "node:assert/strict";
import { worker } from "../streams/worker.ts";
import { statementOf } from "./announce.ts";
import { createTelemetry, type Observed } from "./telemetry.ts";

const identity = { host: "h", name: "bookline", build: "0.1.0+abc" };

/** The statement of a worker that reports this. */
function statement(report: Observed) {
  const telemetry = createTelemetry("book");
  telemetry.observe(() => report);
  return statementOf({ name: "book:consume", telemetry }, identity);
}

Deno.test("a worker states its lag: a consumer what it has still to store, a producer what it has still to send", () => {
  assert.equal(statement({ counts: { stored: 1, behind: 7 } }).lag, 7);
  assert.equal(statement({ counts: { produced: 1, buffered: 3 } }).lag, 3);
  assert.equal(statement({ counts: {} }).lag, null);
});

Deno.test("any statement is a message of the stream, however long its reason is, and comes out of it as it went in", () => {
  for (const stuck of [undefined, "no table", "", "x".repeat(100_000)]) {
    const said = statement({ counts: { rejected: 2 }, stuck });
    assert.equal(said.state, stuck === undefined ? "ok" : "stuck");
    assert.equal(said.reason, stuck ? stuck.slice(0, 2_000) : null);
    assert.deepEqual(worker.message.codec.decode(worker.message.codec.encode(said)), said);
  }
});
