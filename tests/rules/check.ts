/** Part of `deno task check`: refuses import circles, imports against the layers, long files and retired words. */
import { readFiles } from "./files.ts";
import { rules } from "./rules.ts";

const complaints = rules(await readFiles(new URL("../../", import.meta.url)));
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) Deno.exitCode = 1;
