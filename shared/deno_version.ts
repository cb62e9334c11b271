import { ConfigError } from "./config/config.ts";

/** The oldest Deno that works: earlier ones leak sockets. */
export const leastDeno = "2.9.6";

/**
 * Refuses a Deno that is too old. Those before 2.3 can't read `deno.lock` and say so themselves.
 * @throws {ConfigError} saying which Deno is needed and how to get it
 */
export function requireDeno(version = Deno.version.deno): void {
  const parts = (text: string) => text.split(/[.+-]/).slice(0, 3).map(Number);
  const least = parts(leastDeno);
  const differing = parts(version).map((part, i) => part - least[i]).find((difference) => difference !== 0) ??
    0;
  if (differing >= 0) return;
  throw new ConfigError(
    `Cannot run with Deno ${version} as it must be ${leastDeno} or later: earlier ones leak sockets. ` +
      `Run deno upgrade, or type: npx -y deno@${leastDeno} task …`,
  );
}
