/** Checks what can be told without running Bookline; stops at the first check that fails. */
import { fileURLToPath } from "node:url";

const help =
  `Checks what can be told without running Bookline: format, lint, types, the dashboard's JSON, and the project's rules
(layers, import circles, sizes of files, words).

Usage: deno task check`;

const checks = [
  ["fmt", "--check"],
  ["lint"],
  ["check"],
  ["run", "--allow-read=grafana", "grafana/generate.ts", "--check"],
  ["run", "--allow-read=.", "tests/rules/check.ts"],
];

if (Deno.args.length > 0) {
  const isHelp = Deno.args.every((arg) => arg === "--help" || arg === "-h");
  console.log(isHelp ? help : `Cannot understand ${Deno.args.join(" ")}: see --help`);
  Deno.exit(isHelp ? 0 : 1);
}
for (const args of checks) {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { code } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn()
    .status;
  if (code !== 0) Deno.exit(code);
}
