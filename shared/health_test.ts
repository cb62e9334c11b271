import assert from "node:assert/strict";
import { freePort } from "../local/ports.ts";
import { serveHealth } from "./health.ts";
import { createLog } from "./log.ts";
import type { Report } from "./worker.ts";

const log = createLog("test", "error", () => {});

Deno.test("a worker that is stuck answers 503, one that waits or works 200, and each says why", async () => {
  let report: Report = { counts: { stored: 1 } };
  const port = freePort();
  await using _server = serveHealth(port, () => report, log);
  const ask = async (path = "/healthz") => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()];
  };

  assert.deepEqual(await ask("/"), [404, "see /healthz\n"]);
  report = { counts: { stored: 1 }, waiting: "no database", stuck: "no Kafka" };
  const [status, body] = await ask();
  assert.equal(status, 503);
  assert.deepEqual(JSON.parse(body as string), { status: "stuck", reason: "no Kafka", ...report });

  report = { counts: {}, waiting: "no database" };
  assert.deepEqual(await ask(), [
    200,
    '{"status":"waiting","reason":"no database","counts":{},"waiting":"no database"}',
  ]);
  report = { counts: { stored: 2 } };
  assert.deepEqual(await ask(), [200, '{"status":"ok","counts":{"stored":2}}']);
});
