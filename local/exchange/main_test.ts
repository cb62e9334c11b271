import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const run = (...args: string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--allow-read", main, ...args],
    stdout: "piped",
    stderr: "piped",
  });

Deno.test("an error ends it with one line and code 1", async () => {
  const { code, stderr } = await run("--intervals", "7m").output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /^Cannot use the interval as it must be one of 1m, .*\n$/);
});

Deno.test("it prints where it listens and that the data is simulated, and ends on SIGTERM", async () => {
  const child = run("--symbols", "btcusdt", "--seed", "5").spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line } = await lines.read();
  const [, url] = /^exchange listening on (http:\/\/127\.0\.0\.1:\d+) SIMULATED/.exec(line!) ?? [];
  const { feed } = await (await fetch(`${url}/control/status`)).json();
  assert.deepEqual([feed.symbols, feed.seed], [["BTCUSDT"], 5]);
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 0);
  await lines.cancel();
  await child.stderr.cancel();
});
