/**
 * Runs the tests beside one Kafka and one Postgres, which all test files share; a test file that is run by itself with
 * `deno test` starts its own. Arguments go to `deno test`. Without any the tests that wait most of the time for what they broke run
 * beside all others; what they say is printed once the others are done.
 */
import { join } from "node:path";
import { requireDeno } from "../shared/deno_version.ts";
import { localFolder } from "../local/folders.ts";
import { endWithLaunchers } from "../local/launchers.ts";
import { spawnWatched } from "../local/watched.ts";
import { servers } from "./servers.ts";

const help =
  `Runs the tests beside one Kafka and one Postgres. All of them take about twenty minutes on two cores.

Usage: deno task test [FILE…] [options of deno test]     such as: deno task test tests/consume_test.ts --filter SIGTERM

TEST_BOOTSTRAP_SERVER and TEST_DB_URL name servers that run already.`;

if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
  console.log(help);
  Deno.exit(0);
}
requireDeno();
/** Tests that wait most of the time, some for minutes: as long together as all others. None changes a role: those are the server's. */
const long = [
  ...["faults/faults", "repair_outage", "with_three_brokers"],
  ...["other_log", "consume", "kafka_losses", "coverage_consumer", "gaps", "outage"],
  ...["producer_coverage", "up_servers", "up"],
].map((name) => `tests/${name}_test.ts`);
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

/** Runs `deno test` to its end and returns its exit code. What it prints goes to the file `log`, if it has one. */
async function test(args: readonly string[], log?: string): Promise<number> {
  const tests = spawnWatched({
    command: Deno.execPath(),
    args: ["test", "--allow-all", ...args],
    env,
    log,
    stdout: "inherit",
    stderr: "inherit",
    signals: ["SIGINT", "SIGKILL"],
  });
  const interrupt = () => tests.kill("SIGINT");
  if (stop.signal.aborted) interrupt();
  stop.signal.addEventListener("abort", interrupt);
  return (await tests.status).code;
}

/** Runs the long tests beside all others, and returns the worse of both exit codes. */
async function testAll(): Promise<number> {
  const folder = join(localFolder, "tests");
  await Deno.mkdir(folder, { recursive: true });
  const log = join(folder, "long.log");
  await Deno.writeTextFile(log, "");
  console.error(`The long tests, such as the fault scenarios, run beside the others; they write to ${log}`);
  // The other process checks the types of what they use, and `deno task check` theirs.
  const besides = test(["--no-check", ...long], log);
  const code = await test([`--ignore=${long.join()}`]);
  console.error("The long tests:");
  const longCode = await besides;
  console.log(await Deno.readTextFile(log));
  return Math.max(code, longCode);
}

const started = await Promise.allSettled(Object.values(servers).map(provide));
const failed = started.find((result) => result.status === "rejected");
if (failed) {
  console.error(stop.signal.aborted ? "interrupted" : `error: ${failed.reason.message}`);
  Deno.exitCode = 1;
} else {
  Deno.exitCode = Deno.args.length > 0 ? await test(Deno.args) : await testAll();
}
