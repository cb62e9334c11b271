/**
 * Runs the tests beside one Kafka and one Postgres, which all test files share; a test file that is run by itself with
 * `deno test` starts its own. Arguments go to `deno test`.
 */
import { servers } from "./servers.ts";

const env: Record<string, string> = {};
await using parts = new AsyncDisposableStack();

// Ctrl-C reaches the tests by itself. They end first, then their servers.
const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());
Deno.addSignalListener("SIGTERM", () => stop.abort());

/** Starts a server unless the environment names one. */
async function provide({ variable, start }: (typeof servers)["kafka"]): Promise<void> {
  if (Deno.env.get(variable)) return;
  const server = parts.use(await start({ progress: console.error, signal: stop.signal }));
  env[variable] = server.address;
}

const started = await Promise.allSettled(Object.values(servers).map(provide));
const failed = started.find((result) => result.status === "rejected");
if (failed) {
  console.error(stop.signal.aborted ? "interrupted" : `error: ${failed.reason.message}`);
  Deno.exitCode = 1;
} else {
  const args = ["test", "--allow-all", ...Deno.args];
  const tests = new Deno.Command(Deno.execPath(), { args, env, signal: stop.signal }).spawn();
  Deno.exitCode = (await tests.status).code;
}
