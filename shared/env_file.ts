import { ConfigError, variableNames } from "./config.ts";

/** The file that Deno's `--env-file` has read before the process began. */
const FILE = ".env";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Refuses a `.env` of which a value did not arrive as it is written. Without the right to read the file, as in Docker, nothing is
 * looked at; all that the file holds is in the environment, so that the right tells a worker nothing new.
 * @throws {ConfigError} naming each variable and its line, where it was cut and how to quote it, but no value
 */
export async function checkEnvFile(): Promise<void> {
  const { state } = await Deno.permissions.query({ name: "read", path: FILE });
  if (state !== "granted") return;
  const text = await Deno.readTextFile(FILE).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const faults = cutValues(text, Deno.env.toObject());
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
}

/** What is wrong with the values of our variables that came from the file, a line each. */
export function cutValues(text: string, env: Environment): string[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const [, name, value] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (!isOurs(name) || /^["']/.test(value)) return [];
    const written = value.replace(/(^|\s)#.*$/, "").trim();
    const at = cutAt(written, env);
    const arrived = (env[name] ?? "").trim();
    // Else the shell's variable has won over the file's.
    if (at === undefined || arrived !== expand(written, env)) return [];
    const why = written[at] === "#" ? "begins a comment" : "stands for a variable that is not set";
    return `Cannot use ${name} as ${arrived.length} of its ${written.length} characters arrive: in line ${
      i + 1
    } of ` +
      `${FILE} its ${written[at]} (character ${at + 1}) ${why}. Put the value in single quotes: ${name}='…'`;
  });
}

const isOurs = (name: string | undefined) =>
  name !== undefined && (variableNames.includes(name) || name.endsWith("_DB_PASSWORD"));

/** What Deno 2.9.6 makes of an unquoted value, found by trying: a # ends it anywhere, $NAME and ${NAME} are replaced, \$ is a $. */
const special = /\\\$|\$\{(\w*)[^}]*(?:\}|$)|\$(\w*)|#.*/g;

/** The place of the first character by which something is lost; undefined where nothing is. */
function cutAt(written: string, env: Environment): number | undefined {
  return [...written.matchAll(special)]
    .find(([found, braced, plain]) => found !== "\\$" && !env[braced ?? plain ?? ""])?.index;
}

function expand(written: string, env: Environment): string {
  return written.replace(
    special,
    (found, braced, plain) => found === "\\$" ? "$" : env[braced ?? plain ?? ""] ?? "",
  )
    .trim();
}
