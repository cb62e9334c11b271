/** Part of `deno task check`: refuses import circles, imports against the layers, long files and retired words. */
import { readFiles } from "./files.ts";
import { rules } from "./rules.ts";

const complaints = rules(await readFiles(new URL("../../", import.meta.url)));
// These folders do not keep the rules yet: their complaints are warnings.
const isLenient = /^(producers|shared|consumers|local|tests|migrations|docs)\//;
for (const complaint of complaints) console.error(complaint);
if (complaints.some((complaint) => !isLenient.test(complaint))) Deno.exitCode = 1;
