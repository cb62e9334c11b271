import assert from "node:assert/strict";
import { join } from "node:path";
import { isRunning } from "../process.ts";
import { temporaryFolder } from "../testing.ts";
import { createRegistry, endLeftovers, signalTo } from "./registry.ts";

/** A process that does nothing, with the command line that it was started by. */
function idle(seconds: number) {
  const script = `setTimeout(() => {}, ${seconds}e3)`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", script] }).spawn();
  return { pid: child.pid, command: `${Deno.execPath()} eval --quiet ${script}`, ended: child.status };
}

Deno.test("where there is no earlier run, nothing is ended", async () => {
  await using folder = await temporaryFolder();
  assert.equal(await endLeftovers(join(folder.path, "none.json")), 0);
});

Deno.test("a process that was left behind is ended; one that has its number by now is let be", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "workers.json");
  const [ours, another, done] = [idle(61), idle(62), idle(63)];
  const registry = createRegistry(file);
  registry.add(ours.pid, ours.command);
  registry.add(another.pid, "deno run producers/kline.ts");
  registry.add(done.pid, done.command);
  registry.remove(done.pid);

  assert.equal(await endLeftovers(file), 1);
  assert.equal((await ours.ended).signal, "SIGTERM");
  assert.ok(await isRunning(another.pid) && await isRunning(done.pid));
  assert.equal(await endLeftovers(file), 0);

  for (const { pid, ended } of [another, done]) {
    signalTo(pid, "SIGKILL");
    await ended;
    signalTo(pid, "SIGTERM"); // it has ended: no error
  }
});
