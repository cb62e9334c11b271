import assert from "node:assert/strict";
import { silent } from "../tests/silent.ts";
import { runApart, type Stop } from "./run_apart.ts";
import { createTelemetry } from "./telemetry/telemetry.ts";

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));

/** A part that does what it is given; `runs` counts how often it began. */
function partOf(name: string, work: (stop: Stop, runs: number) => Promise<void>) {
  const telemetry = createTelemetry(name);
  const part = { log: silent, telemetry, runs: 0, run: (stop: Stop) => work(stop, ++part.runs) };
  return part;
}

class Final extends Error {}
const isFinal = (error: unknown) => error instanceof Final;

Deno.test("a part that fails runs again with what it left running ended, while the others go on", async () => {
  const stop = new AbortController();
  const deadline = new AbortController();
  let leftRunning: AbortSignal | undefined;
  const failing = partOf("a", async ({ signal }, runs) => {
    leftRunning ??= signal;
    if (runs === 1) throw new Error("the first time");
    assert.ok(leftRunning.aborted);
    stop.abort();
    await aborted(deadline.signal).catch(() => {});
  });
  const steady = partOf("b", ({ signal }) => aborted(signal));
  const ended = runApart([failing, steady], { signal: stop.signal, deadline: deadline.signal }, isFinal);
  await aborted(stop.signal);
  deadline.abort();
  await ended;
  assert.deepEqual([failing.runs, steady.runs], [2, 1]);
});

Deno.test("a part that a person must help stays stuck with its reason and its counts, and ends the process only with the others", async () => {
  const stop = new AbortController();
  const failing = partOf("a", () => {
    failing.telemetry.observe(() => ({ counts: { stored: 3 } }));
    return Promise.reject(new Final("no table"));
  });
  const steady = partOf("b", async ({ signal }) => {
    while (failing.telemetry.status().state !== "stuck") await Promise.resolve();
    assert.deepEqual(failing.telemetry.report(), { counts: { stored: 3 }, stuck: "no table" });
    stop.abort();
    assert.ok(signal.aborted);
  });
  const ended = runApart([failing, steady], { signal: stop.signal, deadline: stop.signal }, isFinal);
  await assert.rejects(ended, { message: "no table" });
  assert.deepEqual([failing.runs, steady.runs], [1, 1]);
});

Deno.test("a failure while the process stops is the process's, and does not run again", async () => {
  const stop = new AbortController();
  const part = partOf("a", async ({ signal }) => {
    await aborted(signal);
    throw new Error("not all is sent");
  });
  const ended = runApart([part], { signal: stop.signal, deadline: stop.signal }, isFinal);
  stop.abort();
  await assert.rejects(ended, { message: "not all is sent" });
  assert.equal(part.runs, 1);
});
