import { ConfigError } from "./config.ts";
import type { Environment } from "./variables.ts";

/** The file that Deno's `--env-file` reads before the process begins. */
const FILE = ".env";

/**
 * Refuses a `.env` if the value of one of these variables did not arrive as written. It checks nothing without the permission to read
 * the file, as in Docker. The permission gives a worker no new secrets: the file's values are in its environment already.
 * @throws {ConfigError} naming each variable, its line, where it was cut and how to quote it; the message has no value
 */
export async function checkEnvFile(names: readonly string[]): Promise<void> {
  const { state } = await Deno.permissions.query({ name: "read", path: FILE });
  if (state !== "granted") return;
  const text = await Deno.readTextFile(FILE).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const faults = cutValues(text, names, Deno.env.toObject());
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
}

/** Which of the variables in the file's text arrived cut, a line each. */
export function cutValues(text: string, names: readonly string[], env: Environment): string[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const [, name, value] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (!names.includes(name) || /^["']/.test(value)) return [];
    const written = value.replace(/(^|\s)#.*$/, "").trim();
    const at = cutAt(written, env);
    const arrived = (env[name] ?? "").trim();
    // A cut leaves characters out and adds none. Any other difference means that the shell's variable won over the file's.
    if (at === undefined || !isSubsequence(arrived, replaceVariables(written, env))) return [];
    const why = written[at] === "#" ? "begins a comment" : "stands for a variable that is not set";
    return `Cannot use ${name} as ${arrived.length} of its ${written.length} characters arrive: in line ${
      i + 1
    } of ` +
      `${FILE} its ${written[at]} (character ${at + 1}) ${why}. Put the value in single quotes: ${name}='…'`;
  });
}

/** What Deno 2.9.6 changes in an unquoted value: \$ becomes $, $NAME and ${NAME} are replaced, a # ends the value. */
const special = /\\\$|\$\{(\w*)[^}]*(?:\}|$)|\$(\w*)|#.*/g;

/** The index at which Deno first leaves something out; undefined if it leaves nothing out. */
function cutAt(written: string, env: Environment): number | undefined {
  return [...written.matchAll(special)]
    .find(([found, braced, plain]) => found !== "\\$" && !env[braced ?? plain ?? ""])?.index;
}

/** The value with the variables that are set replaced. Nothing is left out. */
function replaceVariables(written: string, env: Environment): string {
  return written.replace(
    special,
    (found, braced, plain) => found === "\\$" ? "$" : env[braced ?? plain ?? ""] || found,
  );
}

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (let i = 0; i < whole.length; i++) if (whole[i] === part[at]) at++;
  return at === part.length;
}
