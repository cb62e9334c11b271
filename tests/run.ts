/**
 * Runs the tests beside one Kafka and one Postgres, which all test files share; a test file that is run by itself with
 * `deno test` starts its own. Arguments go to `deno test`.
 */
import { requireDeno } from "../shared/deno_version.ts";
import { endWithLaunchers } from "../local/launchers.ts";
import { spawnWatched } from "../local/watched.ts";
import { servers } from "./servers.ts";

const help = `Runs the tests beside one Kafka and one Postgres. All of them take a quarter of an hour.

Usage: deno task test [FILE…] [options of deno test]     such as: deno task test tests/consume_test.ts --filter SIGTERM

TEST_BOOTSTRAP_SERVER and TEST_DB_URL name servers that run already.`;

if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
  console.log(help);
  Deno.exit(0);
}
requireDeno();
const env: Record<string, string> = {};
await using parts = new AsyncDisposableStack();

await endWithLaunchers();
// The tests end first, then their servers.
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
  const tests = spawnWatched({
    command: Deno.execPath(),
    args: ["test", "--allow-all", ...Deno.args],
    env,
    stdout: "inherit",
    stderr: "inherit",
    signals: ["SIGINT", "SIGKILL"],
  });
  const interrupt = () => tests.kill("SIGINT");
  if (stop.signal.aborted) interrupt();
  stop.signal.addEventListener("abort", interrupt);
  Deno.exitCode = (await tests.status).code;
}
