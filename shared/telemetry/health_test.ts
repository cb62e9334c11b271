import assert from "node:assert/strict";
import { freePort } from "../../local/ports.ts";
import { serveHealth } from "./health.ts";
import { silent } from "../../tests/silent.ts";
import type { Report } from "./report.ts";

Deno.test("each path has the same body, and answers 503 at its own statuses", async () => {
  let report: Report = { counts: { stored: 1 } };
  const port = freePort();
  await using _server = serveHealth(port, () => report, silent);
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const answers = async () => {
    const responses = await Promise.all(["/livez", "/readyz", "/healthz"].map(ask));
    const [first, ...others] = await Promise.all(responses.map((response) => response.text()));
    for (const other of others) assert.equal(other, first);
    return [responses.map(({ status }) => status), JSON.parse(first)];
  };

  const wrong = await ask("/");
  assert.deepEqual([wrong.status, await wrong.text()], [404, "see /livez, /readyz, /healthz\n"]);
  report = { counts: { stored: 1 }, waiting: "no database", stuck: "no right to write" };
  assert.deepEqual(await answers(), [[200, 503, 503], {
    status: "stuck",
    reason: "no right to write",
    ...report,
  }]);
  report = { counts: {}, waiting: "no database" };
  assert.deepEqual(await answers(), [[200, 503, 200], {
    status: "waiting",
    reason: "no database",
    ...report,
  }]);
  report = { counts: { stored: 2 }, delays: [0, 9], recentDelays: [5] };
  assert.deepEqual(await answers(), [[200, 200, 200], { status: "ok", ...report, p50_ms: 0.1, p99_ms: 0.1 }]);
});

Deno.test("the error of a port that another process has names the variable", async () => {
  const port = freePort();
  await using _first = serveHealth(port, () => ({ counts: {} }), silent);
  assert.throws(() => serveHealth(port, () => ({ counts: {} }), silent), {
    message:
      `Cannot use HEALTH_PORT: port ${port} can't be used: another process has it, perhaps another worker with ` +
      `the same setting. Example: HEALTH_PORT=${port + 1}`,
  });
});
