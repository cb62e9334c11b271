import type { Daemon } from "../daemon.ts";
import { startKafka } from "../kafka.ts";
import { startPostgres } from "../postgres.ts";
import { keepServer, type KeptServer } from "./keep_server.ts";
import { signalTo } from "./registry.ts";

/** The servers that were started here, and are kept running; ended, in order, by disposing of them. */
export interface Servers extends AsyncDisposable {
  /** For `BOOTSTRAP_SERVER`; absent if the user's own Kafka is used. */
  readonly bootstrap?: string;
  /** For `DB_URL`; absent if the user's own Postgres is used. */
  readonly databaseUrl?: string;
  readonly kept: readonly KeptServer[];
  /** Ends them at once. */
  kill(): void;
}

export interface ServerPlan {
  readonly wantsKafka: boolean;
  readonly wantsPostgres: boolean;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Starts the servers that are wanted, side by side.
 * @throws the first fault of any of them, once the others have ended too
 */
export async function startServers(plan: ServerPlan): Promise<Servers> {
  const { wantsKafka, wantsPostgres, progress } = plan;
  await using started = new AsyncDisposableStack();
  const giveUp = new AbortController();
  const signal = AbortSignal.any([plan.signal, giveUp.signal]);
  const faults: unknown[] = [];
  const kept: KeptServer[] = [];

  const begin = async <T extends Daemon>(name: string, start: () => Promise<T>) => {
    const startedAt = performance.now();
    try {
      const server = await start();
      kept.push(started.use(keepServer(name, server, progress)));
      progress(`${name} is up after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
      return server;
    } catch (error) {
      faults.push(error);
      giveUp.abort();
    }
  };
  const names = [...wantsKafka ? ["Kafka"] : [], ...wantsPostgres ? ["Postgres"] : []];
  if (names.length > 0) progress(`Starting ${names.join(" and ")}, with data in .local`);
  const [kafka, postgres] = await Promise.all([
    wantsKafka ? begin("Kafka", () => startKafka({ progress, signal })) : undefined,
    wantsPostgres ? begin("Postgres", () => startPostgres({ progress, signal })) : undefined,
  ]);
  if (faults.length > 0) throw faults[0];

  const all = started.move();
  return {
    bootstrap: kafka?.bootstrap,
    databaseUrl: postgres?.url,
    kept,
    kill() {
      if (kafka) signalTo(kafka.pid, "SIGKILL");
      // Its immediate shutdown: one that is killed leaves a lock behind.
      if (postgres) signalTo(postgres.pid, "SIGQUIT");
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
