import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { temporaryFolder } from "../../local/testing.ts";
import { cutValues } from "./env_file.ts";

const project = fileURLToPath(new URL("../../deno.json", import.meta.url));
const flags = ["run", "--quiet", `--config=${project}`, "--env-file", "--allow-env", "--allow-read=.env"];
const { href: config } = new URL("./config.ts", import.meta.url);
const { href: envFile } = new URL("./env_file.ts", import.meta.url);

/** A program that starts beside a `.env` as a worker does: what it printed, its environment where nothing is wrong. */
async function startBeside(
  text: string,
  env: Record<string, string> = {},
  names: readonly string[] = [],
): Promise<string> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, ".env"), text);
  const program = join(folder.path, "start.ts");
  await Deno.writeTextFile(
    program,
    `
    import { readConfig, sliceNames, variablesOf } from "${config}";
    import { checkEnvFile } from "${envFile}";
    try {
      await checkEnvFile([...${JSON.stringify(names)}, ...Object.keys(variablesOf(sliceNames))]);
      readConfig();
      console.log(JSON.stringify(Deno.env.toObject()));
    } catch (error) {
      console.log(error.message);
    }`,
  );
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...flags, program],
    cwd: folder.path,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
}

Deno.test("a file that begins with a byte order mark is refused, with the variable that has another name for it", async () => {
  assert.match(
    await startBeside("\uFEFFTOPIC_PREFIX=mine.\nSYMBOLS=BTCUSDT\n"),
    /^Cannot use TOPIC_PREFIX: .*\.env begins with a byte order mark.* Save it as UTF-8 without/,
  );
});

Deno.test("a value that arrives cut is refused, with its line, the place and how to quote it, and without the value", async () => {
  const said = await startBeside("# a comment\nDB_USER=me\nDB_PASSWORD=se#cret$word\nKAFKA_API_KEY=$ecret\n");
  assert.equal(
    said,
    "Cannot use DB_PASSWORD as 2 of its 12 characters arrive: in line 3 of .env its # (character 3) begins a comment. " +
      "Put the value in single quotes: DB_PASSWORD='…'\n" +
      "Cannot use KAFKA_API_KEY as 0 of its 6 characters arrive: in line 4 of .env its $ (character 1) stands for a " +
      "variable that is not set. Put the value in single quotes: KAFKA_API_KEY='…'",
  );
});

Deno.test("a value in single quotes arrives whole, and a comment after a value is none of its", async () => {
  const env = JSON.parse(
    await startBeside(
      "DB_PASSWORD='se#cret $word\\' # of the test\nDB_USER=me # too\nDB_URL=postgres://h/$DB_USER\n",
    ),
  );
  assert.equal(env.DB_PASSWORD, "se#cret $word\\");
  assert.equal(env.DB_URL, "postgres://h/me");
});

Deno.test("what the shell sets wins over the file, and what is not ours is not looked at", async () => {
  const env = JSON.parse(await startBeside("DB_PASSWORD=se#cret\nTHEIRS=a#b\n", { DB_PASSWORD: "whole" }));
  assert.equal(env.DB_PASSWORD, "whole");
});

Deno.test("any value without quotes arrives as it is written, or it is refused", async () => {
  const value = fc.string({ unit: fc.constantFrom(..."ab1#${}\\ -'"), minLength: 1, maxLength: 8 });
  const found = ["1'${#}}", "a${b#}c", "a${b}c#d", "a$#b"];
  const values = [...found, ...fc.sample(value, 400)].map((text) => text.trim())
    .filter((text) => /^[^"']/.test(text));
  // All of them in one file, each with a name of its own; the names are put back in for the check.
  const names = values.map((_, i) => `V${i}_DB_PASSWORD`);
  const lines = values.map((text, i) => `${names[i]}=${text}`);
  const said = await startBeside(`${lines.join("\n")}\n`, {}, names);
  const refused = new Set([...said.matchAll(/^Cannot use V(\d+)_DB_PASSWORD/gm)].map(([, i]) => Number(i)));
  const kept = lines.filter((_, i) => !refused.has(i));
  const env: Record<string, string> = JSON.parse(await startBeside(`${kept.join("\n")}\n`, {}, names));
  for (const [i, text] of values.entries()) {
    if (refused.has(i)) continue;
    const [comment] = /(^|\s)#.*$/.exec(text) ?? [""];
    const whole = text.slice(0, text.length - comment.length).trim().replaceAll("\\$", "$");
    assert.equal(env[`V${i}_DB_PASSWORD`] ?? "", whole, text);
  }
  assert.ok(refused.size > 50 && kept.length > 50, `${refused.size} refused, ${kept.length} kept`);
});

Deno.test("the lines of a file may end as they do on Windows", () => {
  assert.equal(
    cutValues("DB_PASSWORD=a#b\r\nDB_USER=c\r\n", ["DB_PASSWORD"], { DB_PASSWORD: "a", DB_USER: "c" }).length,
    1,
  );
});
