import { ConfigError } from "../shared/config/config.ts";
import { requireDeno } from "../shared/deno_version.ts";
import { describe } from "../shared/log.ts";
import { SAME_WISH_MS } from "../shared/stop_signals.ts";
import { endWithLaunchers } from "./launchers.ts";
import { help, type Options, parseOptions } from "./up/options.ts";
import { runPipeline } from "./up/run.ts";
import { createTerminal } from "./up/terminal.ts";

/** Exit codes as the workers have them, and the shell's for SIGINT. */
const exitCodes = { config: 78, failed: 1, interrupted: 130 };
Deno.exit(await main());

async function main(): Promise<number> {
  try {
    requireDeno();
    const options = parseOptions(Deno.args);
    if (!options.help) return await up(options);
    console.log(help);
    return 0;
  } catch (error) {
    console.error(describe(error));
    if (Deno.env.get("LOG_LEVEL") === "debug") console.error(error);
    return error instanceof ConfigError ? exitCodes.config : exitCodes.failed;
  }
}

/** Runs the pipeline; the first signal stops it in order, a later one at once. */
async function up(options: Options): Promise<number> {
  const stop = new AbortController();
  const kills: (() => string | undefined | void)[] = [];
  let stoppedAt = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(name, () => {
      if (!stop.signal.aborted) stoppedAt = performance.now();
      else if (performance.now() - stoppedAt > SAME_WISH_MS) {
        const words = kills.map((kill) => kill()).filter((text) => text !== undefined);
        console.error(["Quit at once: what Kafka has is stored at the next run", ...words].join("\n"));
        Deno.exit(exitCodes.interrupted);
      }
      stop.abort();
    });
  }
  await endWithLaunchers();
  const terminal = createTerminal(options.json ? Deno.stderr : Deno.stdout, () => stop.abort());
  try {
    return await runPipeline(options, { terminal, signal: stop.signal, onChild: (kill) => kills.push(kill) });
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    terminal.say("Stopped before any data came");
    return exitCodes.interrupted;
  }
}
