import { usualSymbols } from "../../../local/exchange/market/instrument.ts";
import { sleep } from "../../../shared/wait.ts";
import { finish } from "../finish.ts";
import type { Result } from "../scenario.ts";
import type { Servers } from "../servers.ts";
import { openStage, recovery } from "../stage.ts";
import { growthOf, type Memory, type Samples } from "./growth.ts";
import { residentBytes } from "./memory.ts";

/** Messages a second. */
const RATE = 5_000;
const SAMPLE_MS = 2_000;

/** A pipeline without faults, under load for as long as the soak takes. */
export interface Load extends AsyncDisposable {
  /** Ends it; returns what became of its messages, and of each worker's memory. */
  finish(): Promise<{ result: Result; memory: Memory[] }>;
}

/** Starts the load on servers of its own. */
export async function startLoad(servers: Servers, seed: number): Promise<Load> {
  await using parts = new AsyncDisposableStack();
  const variables = { LOG_LEVEL: "info" };
  const stage = parts.use(await openStage(servers, { seed, rate: RATE, symbols: usualSymbols, variables }));
  await recovery(stage, Date.now());

  const done = new AbortController();
  const samples: Samples = new Map();
  const sample = async () => {
    while (!done.signal.aborted) {
      for (const [task, worker] of stage.workers.all) {
        samples.set(task, [...samples.get(task) ?? [], await residentBytes(worker.pid)]);
      }
      await sleep(SAMPLE_MS, done.signal);
    }
  };
  const sampling = sample();
  const kept = parts.move();
  return {
    async finish() {
      done.abort();
      await sampling;
      const { verdict, dead } = await finish(stage);
      const memory = growthOf(samples);
      const { problems } = stage;
      if (dead > 0) problems.push(`${dead} dead letters of good messages`);
      const name = `none, at ${RATE.toLocaleString("en")}/s`;
      return { result: { name, injected: 0, recovery: 0, verdict, dead, problems }, memory };
    },
    async [Symbol.asyncDispose]() {
      done.abort();
      await kept.disposeAsync();
    },
  };
}
