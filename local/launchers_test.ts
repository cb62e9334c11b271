import assert from "node:assert/strict";
import { launchersAmong } from "./launchers.ts";

const pidsOf = (...commands: string[]) =>
  launchersAmong(commands.map((command, i) => ({ pid: i + 1, command }))).map(({ pid }) => pid);

Deno.test("deno task and the npx above it are launchers, with the shell between them", () => {
  const task = "/root/.npm/_npx/7a/node_modules/.bin/deno task up --json";
  assert.deepEqual(
    pidsOf(task, "sh -c 'deno' task up --json", "npm exec deno@2.9.6 task up --json", "-bash"),
    [1, 2, 3],
  );
  assert.deepEqual(
    pidsOf(task, "node /x/node_modules/deno/bin.cjs task up", "node /usr/bin/npx deno task up", "zsh"),
    [
      1,
      2,
      3,
    ],
  );
  assert.deepEqual(pidsOf("deno task up", "/usr/sbin/sshd -D"), [1]);
});

Deno.test("a user's shell may end without ending what it started, even a shell of a single command", () => {
  assert.deepEqual(pidsOf("deno task up", "bash -c deno task up & deno task check", "npm-watch"), [1]);
  assert.deepEqual(pidsOf("bash -c nohup deno run local/up.ts &"), []);
  assert.deepEqual(pidsOf("deno test --allow-all", "deno task test", "npm exec deno@2.9.6 task test"), []);
  assert.deepEqual(pidsOf(), []);
});
