import assert from "node:assert/strict";
import { join } from "node:path";
import { withPasswords } from "./env.ts";
import { temporaryFolder } from "./testing.ts";
import { readTasks, root, taskArguments } from "./up/tasks.ts";

const example = await Deno.readTextFile(join(root, ".env.example"));

/** Runs the task in a folder. */
async function make(cwd: string) {
  const [run, ...args] = taskArguments(readTasks(), "env");
  const script = join(root, args.pop()!);
  const command = new Deno.Command(Deno.execPath(), { args: [run, "--no-config", ...args, script], cwd });
  const { code, stdout, stderr } = await command.output();
  return { code, printed: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("an .env that is there is never overwritten", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, ".env.example"), example);
  await Deno.writeTextFile(join(folder.path, ".env"), "POSTGRES_PASSWORD=mine\n");
  const { code, printed } = await make(folder.path);
  assert.equal(code, 1, printed);
  assert.match(printed, /^Cannot make \.env as it is there already/);
  assert.equal(await Deno.readTextFile(join(folder.path, ".env")), "POSTGRES_PASSWORD=mine\n");
});

Deno.test(".env gets four passwords that nobody else can read, and is .env.example otherwise", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, ".env.example"), example);
  const { code, printed } = await make(folder.path);
  assert.equal(code, 0, printed);
  const file = join(folder.path, ".env");
  const made = await Deno.readTextFile(file);
  const passwords = [...made.matchAll(/^\w+_PASSWORD=([0-9a-f]{48})$/gm)].map(([, password]) => password);
  assert.equal(new Set(passwords).size, 4);
  assert.equal(made.replace(/(?<=_PASSWORD=)[0-9a-f]{48}$/gm, ""), example);
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
});

Deno.test("only empty passwords are filled, and none that is commented out", () => {
  assert.match(
    withPasswords("A_PASSWORD=\n# DB_PASSWORD=\nB_PASSWORD=x"),
    /^A_PASSWORD=\w{48}\n# DB_PASSWORD=\nB_PASSWORD=x$/,
  );
});
