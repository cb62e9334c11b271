import assert from "node:assert/strict";
import { freePort } from "../../local/ports.ts";
import { silent } from "../../tests/silent.ts";
import { createExposition, type Exposition } from "./exposition.ts";
import { serveHealth } from "./health.ts";
import { createTelemetry, type Observed, type Telemetry } from "./telemetry.ts";

const metricsOf = (streams: Telemetry[]): Exposition =>
  createExposition(streams, { build: "1", loopDelays: [] });

/** A stream whose worker reports this. */
function observed(stream: string, read: () => Observed): Telemetry {
  const telemetry = createTelemetry(stream);
  telemetry.observe(read);
  return telemetry;
}

/** A server of these streams, and what its paths answer: the statuses and the body. */
function serve(streams: Telemetry[]) {
  const port = freePort();
  const server = serveHealth({ hostname: "127.0.0.1", port }, streams, metricsOf(streams), silent);
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const answers = async () => {
    const responses = await Promise.all(["/livez", "/readyz", "/healthz"].map(ask));
    const [first, ...others] = await Promise.all(responses.map((response) => response.text()));
    for (const other of others) assert.equal(other, first);
    return [responses.map(({ status }) => status), JSON.parse(first)];
  };
  return { ask, answers, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

Deno.test("each path has the same body, and answers 503 at its own statuses", async () => {
  let report: Observed = { counts: { stored: 1 } };
  await using server = serve([observed("book", () => report)]);
  const wrong = await server.ask("/");
  assert.deepEqual([wrong.status, await wrong.text()], [404, "see /livez, /readyz, /healthz, /metrics\n"]);
  report = { counts: { stored: 1 }, waiting: "no database", stuck: "no right to write" };
  assert.deepEqual(await server.answers(), [[200, 503, 503], {
    status: "stuck",
    reason: "no right to write",
    ...report,
  }]);
  report = { counts: {}, waiting: "no database" };
  assert.deepEqual(await server.answers(), [[200, 503, 200], {
    status: "waiting",
    reason: "no database",
    ...report,
  }]);
  report = { counts: { stored: 2 }, delays: [0, 9], recentDelays: [5] };
  assert.deepEqual(await server.answers(), [[200, 200, 200], {
    status: "ok",
    ...report,
    p50_ms: 0.1,
    p99_ms: 0.1,
  }]);
});

Deno.test("of several streams the worst status is the process's, with its stream and reason, and each has its report", async () => {
  let book: Observed = { counts: { stored: 1 }, waiting: "no Kafka" };
  const gap: Observed = { counts: { stored: 5 } };
  await using server = serve([observed("gap", () => gap), observed("book", () => book)]);
  assert.deepEqual(await server.answers(), [[200, 503, 200], {
    status: "waiting",
    reason: "book: no Kafka",
    streams: { gap: { status: "ok", ...gap }, book: { status: "waiting", reason: "no Kafka", ...book } },
  }]);
  book = { counts: {}, stuck: "no table" };
  const [statuses, body] = await server.answers();
  assert.deepEqual([statuses, body.status, body.reason], [[200, 503, 503], "stuck", "book: no table"]);
});

Deno.test("/metrics has what /healthz has", async () => {
  await using server = serve([observed("book", () => ({ counts: { stored: 7, behind: 3 }, waiting: "x" }))]);
  const response = await server.ask("/metrics");
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  for (
    const line of [
      'bookline_messages_stored_total{stream="book"} 7',
      'bookline_behind_messages{stream="book"} 3',
      'bookline_state{stream="book",state="waiting"} 1',
      'bookline_state{stream="book",state="ok"} 0',
    ]
  ) assert.ok(text.split("\n").includes(line), `${line} is not in:\n${text}`);
});

Deno.test("it is served on its own address only, and the error about one that this machine lacks names the variable", async () => {
  const port = freePort();
  const start = (hostname: string) => serveHealth({ hostname, port }, [], metricsOf([]), silent);
  await using _server = start("127.0.0.1");
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.equal(metrics.status, 200);
  await metrics.body?.cancel();
  // Linux answers on all of 127.0.0.0/8.
  await assert.rejects(fetch(`http://127.0.0.2:${port}/metrics`));
  // An address of documents: RFC 5737.
  assert.throws(() => start("192.0.2.1"), {
    message: "Cannot use HEALTH_HOST: this machine has no address 192.0.2.1. Example: HEALTH_HOST=0.0.0.0",
  });
  // A link-local address without its interface, or none at all where there is no IPv6.
  assert.throws(() => start("fe80::1"), /^Error: Cannot use HEALTH_HOST: nothing can be served on fe80::1: /);
});

Deno.test("the error about a port that another process has names the variable", async () => {
  const port = freePort();
  const start = () => serveHealth({ hostname: "127.0.0.1", port }, [], metricsOf([]), silent);
  await using _first = start();
  assert.throws(start, {
    message:
      `Cannot use HEALTH_PORT: port ${port} can't be used: another process has it, perhaps another worker with ` +
      `the same setting. Example: HEALTH_PORT=${port + 1}`,
  });
});
