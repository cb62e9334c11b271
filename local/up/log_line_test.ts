import assert from "node:assert/strict";
import { createLog } from "../../shared/log.ts";
import { finalCounts, parseLogLine } from "./log_line.ts";

/** What a worker's log writes. */
function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog("kline:produce", "info", (line) => lines.push(line)));
  return lines.join("\n");
}

Deno.test("a line that is not of the log is no log line", () => {
  assert.equal(parseLogLine("Warning The `--env-file` flag was used"), undefined);
  assert.equal(parseLogLine("error: Uncaught (in promise) TypeError: x"), undefined);
  assert.equal(parseLogLine(""), undefined);
});

Deno.test("a log line has its level, its worker and its words", () => {
  const line = logged((log) => log.warn("the buffer is full", { topic: "kline_data" }));
  assert.deepEqual(parseLogLine(line), {
    level: "warn",
    text: "kline:produce: the buffer is full topic=kline_data",
  });
});

Deno.test("only a worker's last line has its last counts, which are its whole numbers", () => {
  const counts = (message: string, fields: Record<string, unknown>) =>
    finalCounts(parseLogLine(logged((log) => log.info(message, fields)))!);
  assert.equal(counts("running", { received: 5 }), undefined);
  assert.equal(counts("stopping: finishing what is in memory", { signal: "SIGTERM" }), undefined);
  assert.deepEqual(
    counts("stopped", {
      received: 12,
      produced: 0,
      p50_ms: 3.4,
      stuck: "no frame for 61 s",
      waiting: "a=5 b",
    }),
    { stream: "kline", counts: { received: 12, produced: 0 } },
  );
});
