/**
 * Writes the dashboard's JSON (`deno task dashboard`), or with `--check` says whether the committed one is that of the code.
 */
import { dashboard } from "./dashboard.ts";
import { dashboardFile as file } from "./json.ts";

const json = JSON.stringify(dashboard(), null, 2) + "\n";

if (!Deno.args.includes("--check")) {
  await Deno.writeTextFile(file, json);
} else if (await Deno.readTextFile(file).catch(() => "") !== json) {
  console.error(
    "grafana/dashboards/bookline.json is not what grafana/dashboard.ts makes. Run: deno task dashboard",
  );
  Deno.exit(1);
}
