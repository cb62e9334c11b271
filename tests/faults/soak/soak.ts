import { endWithLaunchers } from "../../../local/launchers.ts";
import { describe } from "../../../shared/log.ts";
import { runSideBySide } from "../side_by_side.ts";
import { play, type Result } from "../scenario.ts";
import { clusterScenarios, repairScenarios, scenarios } from "../scenarios/all.ts";
import { type Servers, startServers } from "../servers.ts";
import { createTally, faultCounts } from "../judge/verdict.ts";
import { leaks, type Memory } from "./growth.ts";
import { startLoad } from "./load.ts";
import { help, type Options, readOptions } from "./options.ts";
import { planRounds, type Task } from "./plan.ts";
import { repairsOf, rowsOf, tableOf } from "./report.ts";

/** Side by side; a machine with room for two brokers and a load has none for six. */
const WIDTH = 2;
/** From so many minutes on there is time for the long forms. */
const LONG_MINUTES = 20;
/** The same of outages. */
const LONG_OUTAGE_MINUTES = 60;

const tell = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** Servers that run, to be ended by Ctrl-C. */
const running = new AsyncDisposableStack();
const stop = new AbortController();

/** Soaks for so many minutes; returns whether all was well. */
async function soak({ cluster, repair, minutes, seed, json }: Options): Promise<boolean> {
  const start = async () => running.use(await startServers(stop.signal, cluster));
  const end = performance.now() + minutes * 60_000;
  const form = minutes >= (repair ? LONG_OUTAGE_MINUTES : LONG_MINUTES) ? "long" : "short";
  tell(`soaking for ${minutes} min; --seed ${seed} repeats this run`);
  const results: Result[] = [];
  const work = async ({ scenario, seed }: Task, servers: Servers) => {
    tell(`${scenario.name} …`);
    const result = await play(servers, scenario, form, seed).catch((error) => failure(scenario.name, error));
    results.push(result);
    const { verdict, repair } = result;
    const faults = faultCounts.map((count) => `${verdict[count]} ${count}`);
    tell(`${scenario.name}: ${verdict.sent} sent, ${faults.join(", ")}`);
    if (repair) {
      const { repaired, absent, lost, tookMs } = repair;
      tell(
        `${scenario.name}: gaps: ${repaired} repaired, ${absent} absent, ${lost} lost, ${
          (tookMs / 1_000).toFixed(1)
        } s after the sockets were back`,
      );
    }
    for (const problem of result.problems) tell(`${scenario.name}: ${problem}`);
    return verdict.sent > 0;
  };

  await using servers = cluster || repair ? undefined : await start();
  await using load = servers && await startLoad(servers, seed);
  const played = cluster ? clusterScenarios : repair ? repairScenarios : scenarios;
  const next = planRounds(played, form, seed, () => (end - performance.now()) / 1_000);
  await runSideBySide(cluster ? 1 : WIDTH, next, (servers, task) => work(task, servers), start);
  const memory: Memory[] = [];
  if (load) {
    tell("comparing what was stored under load …");
    const finished = await load.finish();
    results.push(finished.result);
    memory.push(...finished.memory);
  }

  const rows = rowsOf(results);
  const repairs = repairsOf(results);
  const table = `${tableOf(rows, memory, repairs)}\n\n${minutes} min, --seed ${seed}`;
  if (json) {
    console.error(table);
    console.log(JSON.stringify({ faults: rows, repairs }));
  } else console.log(table);
  const problems = results.flatMap(({ name, problems }) => problems.map((words) => `${name}: ${words}`));
  if (form === "long") problems.push(...leaks(memory));
  for (const problem of problems) console.error(`PROBLEM ${problem}`);
  return problems.length === 0 && rows.every((row) => faultCounts.every((count) => row[count] === 0));
}

/** A scenario that could not be played to its end. */
function failure(name: string, error: unknown): Result {
  return {
    name,
    injected: 0,
    recovery: 0,
    dead: 0,
    verdict: createTally().verdict,
    problems: [describe(error)],
  };
}

/** Ends what runs, and the process: with 130, as a shell counts a Ctrl-C. */
async function quit(): Promise<never> {
  tell("interrupted: ending the servers");
  stop.abort();
  await running.disposeAsync();
  Deno.exit(130);
}

try {
  const options = readOptions(Deno.args);
  if (options.help) console.log(help);
  else {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, quit);
    await endWithLaunchers();
    const isWell = await soak(options);
    Deno.exit(isWell ? 0 : 1);
  }
} catch (error) {
  console.error(describe(error));
  if (!stop.signal.aborted) Deno.exit(1);
}
