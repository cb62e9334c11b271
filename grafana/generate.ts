/**
 * Writes the dashboard's JSON (`deno task dashboard`), or with `--check` says whether the committed one is that of the code.
 */
import { dashboard } from "./dashboard.ts";
import { dashboardFile as file } from "./json.ts";

const help = `Writes the dashboard's JSON, grafana/dashboards/bookline.json, from its code. Commit both.

Usage: deno task dashboard [--check]

  --check   writes nothing; says whether the JSON is that of the code`;

if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
  console.log(help);
  Deno.exit(0);
}
const json = JSON.stringify(dashboard(), null, 2) + "\n";

if (!Deno.args.includes("--check")) {
  await Deno.writeTextFile(file, json);
} else if (await Deno.readTextFile(file).catch(() => "") !== json) {
  console.error(
    "grafana/dashboards/bookline.json is not what grafana/dashboard.ts makes. Run: deno task dashboard",
  );
  Deno.exit(1);
}
