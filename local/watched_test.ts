import assert from "node:assert/strict";
import { until } from "../tests/until.ts";
import { isRunning } from "./process.ts";
import { watchersOf } from "./testing.ts";
import { spawnWatched } from "./watched.ts";

const signals: Deno.Signal[] = ["SIGTERM", "SIGKILL"];
/** What a busy machine may take for what is done within 10 s, in ms. */
const BUSY_MS = 60_000;
/** A word on the command line by which the test knows its process. */
const mark = () => `mark-${crypto.randomUUID()}`;

/** Another process that starts a watched shell script, which says when it is ready; returns the number of either. */
async function startInAnother(script: string): Promise<{ starter: Deno.ChildProcess; pid: number }> {
  const log = await Deno.makeTempFile();
  const plan = {
    command: "sh",
    args: ["-c", `${script}; echo ready; while :; do sleep 0.2; done`],
    signals,
    log,
  };
  const starter = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--quiet",
      `import { spawnWatched } from "${new URL("watched.ts", import.meta.url)}";
       console.log(spawnWatched(${JSON.stringify(plan)}).pid);
       setInterval(() => {}, 1_000);`,
    ],
    stdout: "piped",
  }).spawn();
  for await (const printed of starter.stdout.pipeThrough(new TextDecoderStream())) {
    await until("the process to be ready", async () => await Deno.readTextFile(log) !== "");
    await Deno.remove(log);
    return { starter, pid: Number(printed) };
  }
  throw new Error("the starter ended");
}

for (const end of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test(`a process ends within 10 s of its starter's end by ${end}, even if it ignores SIGTERM`, async () => {
    const { starter, pid } = await startInAnother(`trap "" TERM`);
    assert.ok(await isRunning(pid));
    starter.kill(end);
    await starter.status;
    await until("the process to end", async () => !await isRunning(pid), BUSY_MS);
  });
}

Deno.test("a signal to the whole process group does not end the watcher", async () => {
  const { starter, pid } = await startInAnother(`trap "" INT TERM HUP`);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.kill(-pid, signal);
  starter.kill("SIGKILL");
  await starter.status;
  await until("the process to end", async () => !await isRunning(pid), BUSY_MS);
});

Deno.test("a process that has ended leaves no watcher, and one that runs keeps it", async () => {
  const word = mark();
  const child = spawnWatched({ command: "sh", args: ["-c", "sleep 60", word], signals });
  await until("the watcher", async () => (await watchersOf(word)).length === 1);
  child.kill("SIGKILL");
  await child.status;
  await until("no watcher", async () => (await watchersOf(word)).length === 0);
});

Deno.test("a command's arguments, exit code and output are its own, whatever they hold", async () => {
  const folder = await Deno.makeTempDir();
  const log = `${folder}/log`;
  const args = ["-c", 'printf "%s|" "$@"; cat; exit 3', "sh", "two words", "$HOME", "a\nb", "*"];
  const child = spawnWatched({ command: "sh", args, signals, log });
  assert.equal((await child.status).code, 3);
  assert.equal(await Deno.readTextFile(log), "two words|$HOME|a\nb|*|");
  await Deno.remove(folder, { recursive: true });
});
