import assert from "node:assert/strict";
import fc from "fast-check";
import { createLog, describe, type LogLevel, logLevels } from "./log.ts";

/** A log and the lines that it writes, without their times. */
function logOf(level: LogLevel) {
  const lines: string[] = [];
  return { lines, log: createLog("worker", level, (line) => lines.push(line.slice(25))) };
}

/** Runs a test with a clock that it sets itself. */
function withClock(test: (set: (ms: number) => void) => void): void {
  const real = performance.now;
  try {
    test((ms) => performance.now = () => ms);
  } finally {
    performance.now = real;
  }
}

Deno.test("what is below the level is not written", () => {
  for (const [i, level] of logLevels.entries()) {
    const { lines, log } = logOf(level);
    for (const each of logLevels) log[each]("said");
    assert.deepEqual(lines, logLevels.slice(i).map((each) => `${each.padEnd(5)} worker: said`));
  }
});

Deno.test("a field of any type is written, and none makes the log throw", () => {
  const { lines, log } = logOf("info");
  log.info("said", { offset: 2n ** 60n, range: { from: 1n }, call: () => 1, name: Symbol("s") });
  assert.match(lines[0], /offset=1152921504606846976 range="\{.*1.*\}" call=.+ name=Symbol\(s\)$/);
});

Deno.test("a line begins with the time and has the fields as logfmt, quoted if necessary", () => {
  let line = "";
  const log = createLog("book:produce", "info", (text) => line = text);
  log.info("stored", {
    rows: 3,
    at: "a b",
    none: undefined,
    empty: "",
    error: new Error("no"),
    map: { a: 1 },
  });
  assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info\s+book:produce: stored rows=3 /);
  assert.ok(line.endsWith(String.raw` at="a b" empty="" error=no map="{\"a\":1}"`), line);
});

Deno.test("a message with line breaks is one line", () => {
  fc.assert(fc.property(fc.string(), fc.anything(), (text, value) => {
    const { lines, log } = logOf("info");
    log.info("told", { text, value });
    assert.equal(lines.length, 1);
    assert.ok(!lines[0].includes("\n"), lines[0]);
  }));
});

Deno.test("repeated lines of a kind are written once a minute, with how many were left out", () => {
  withClock((set) => {
    const { lines, log } = logOf("info");
    for (let second = 0; second <= 120; second++) {
      set(second * 1_000);
      log.sparsely("overflow", "dropped", { second });
    }
    log.sparsely("notice", "refused");
    assert.deepEqual(lines, [
      "warn  worker: dropped second=0",
      "warn  worker: dropped second=60 suppressed=59",
      "warn  worker: dropped second=120 suppressed=59",
      "warn  worker: refused",
    ]);
  });
});

Deno.test("a thousand failures of a kind are one line a minute, however much their words differ", () => {
  withClock((set) => {
    const { lines, log } = logOf("info");
    for (let i = 0; i < 1_000; i++) {
      set(i);
      log.sparsely("database", `Cannot use the database: row ${i} is refused`);
    }
    assert.deepEqual(lines, ["warn  worker: Cannot use the database: row 0 is refused"]);
  });
});

Deno.test("an error is described with its causes and its hint, or with its code if it has no message", () => {
  const refused = Object.assign(new Error(""), { code: "ECONNREFUSED" });
  assert.equal(describe(new Error("no database", { cause: refused })), "no database: ECONNREFUSED");
  assert.equal(describe(new AggregateError([refused, new Error("b")])), "ECONNREFUSED; b");
  assert.equal(describe("a string"), "a string");
  assert.equal(describe(new TypeError()), "TypeError");
  const full = Object.assign(new Error("out of shared memory"), { hint: "raise max_locks_per_transaction" });
  assert.equal(describe(full), "out of shared memory. Hint: raise max_locks_per_transaction");
});
