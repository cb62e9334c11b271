/**
 * Runs the tests beside one Kafka and one Postgres, which all test files share; a test file that is run by itself with
 * `deno test` starts its own. Arguments go to `deno test`. Without any the tests run in three processes beside one another, as most
 * of them wait most of the time; what two of them say is printed once they are done.
 */
import { join } from "node:path";
import { requireDeno } from "../shared/deno_version.ts";
import { localFolder } from "../local/folders.ts";
import { endWithLaunchers } from "../local/launchers.ts";
import { spawnWatched } from "../local/watched.ts";
import { servers } from "./servers.ts";

const help =
  `Runs the tests beside one Kafka and one Postgres. All of them take about eighteen minutes on two cores.

Usage: deno task test [FILE…] [options of deno test]     such as: deno task test tests/consume_test.ts --filter SIGTERM

TEST_BOOTSTRAP_SERVER and TEST_DB_URL name servers that run already.`;

if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
  console.log(help);
  Deno.exit(0);
}
requireDeno();
/** Tests that wait most of the time, some for minutes: as long together as the others with servers. */
const long = [
  ...["faults/faults", "repair_outage", "with_three_brokers"],
  ...["other_log", "consume", "kafka_losses", "coverage_consumer", "gaps", "outage"],
  ...["producer_coverage", "up_servers", "up"],
].map((name) => `tests/${name}_test.ts`);
/** Tests of what the tables hold. They run after the unit tests, in the same process. */
const data = [
  ...["audit", "audit_days", "audit_edges", "audit_exchange", "audit_million", "audit_pipeline"],
  ...["audit_recordings", "history_audit", "history_candles", "history_right_candles", "history_trades"],
  ...["bars", "candles", "trade_bars", "trade_ids", "trade_pipeline"],
].map((name) => `tests/${name}_test.ts`);
/** What runs beside the others, one run of `deno test` after the other. Only the others change the server's roles. */
const besides = { "long tests": [long], "unit tests": [["--ignore=tests"], data] };
const others = ["tests", `--ignore=${[...long, ...data].join()}`];
const env: Record<string, string> = {};
await using stack = new AsyncDisposableStack();

await endWithLaunchers();
// The tests end first, then their servers.
const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());
Deno.addSignalListener("SIGTERM", () => stop.abort());

/** Starts a server unless the environment names one. */
async function provide({ variable, start }: (typeof servers)["kafka"]): Promise<void> {
  if (Deno.env.get(variable)) return;
  const server = stack.use(await start({ progress: console.error, signal: stop.signal }));
  env[variable] = server.address;
}

/** Runs Deno to its end and returns its exit code. What it prints goes to the file `log`, if it has one. */
async function deno(args: readonly string[], log?: string): Promise<number> {
  const child = spawnWatched({
    command: Deno.execPath(),
    args: [...args],
    env,
    log,
    stdout: "inherit",
    stderr: "inherit",
    signals: ["SIGINT", "SIGKILL"],
  });
  const interrupt = () => child.kill("SIGINT");
  if (stop.signal.aborted) interrupt();
  stop.signal.addEventListener("abort", interrupt);
  return (await child.status).code;
}

/** Runs all tests, and returns the worst exit code. Types are checked once, beside them. */
async function testAll(): Promise<number> {
  const folder = join(localFolder, "tests");
  await Deno.mkdir(folder, { recursive: true });
  const test = (args: readonly string[], log?: string) =>
    deno(["test", "--allow-all", "--no-check", ...args], log);
  const types = deno(["check", "--quiet"]);
  const running = Object.entries(besides).map(async ([name, runs]) => {
    const log = join(folder, `${name.replace(" ", "-")}.log`);
    await Deno.writeTextFile(log, "");
    console.error(`The ${name} write to ${log}`);
    const codes: number[] = [];
    for (const args of runs) codes.push(await test(args, log));
    return { name, log, code: Math.max(...codes) };
  });
  const codes = [await test(others), await types];
  for (const { name, log, code } of await Promise.all(running)) {
    console.log(`The ${name}:\n${await Deno.readTextFile(log)}`);
    codes.push(code);
  }
  return Math.max(...codes);
}

const started = await Promise.allSettled(Object.values(servers).map(provide));
const failed = started.find((result) => result.status === "rejected");
if (failed) {
  console.error(stop.signal.aborted ? "interrupted" : `error: ${failed.reason.message}`);
  Deno.exitCode = 1;
} else {
  Deno.exitCode = Deno.args.length > 0 ? await deno(["test", "--allow-all", ...Deno.args]) : await testAll();
}
