import { describe } from "../../shared/log.ts";
import { backoff, sleep } from "../../shared/wait.ts";
import type { Daemon } from "../daemon.ts";

/** After a server has run for this long, the next restart begins with a short pause again. In ms. */
const WELL_MS = 30_000;

/** A server that is kept running until it is disposed of, which ends it in order. */
export interface KeptServer extends AsyncDisposable {
  /** `Kafka` */
  readonly name: string;
  /** How often it had to be started again. */
  readonly restarts: number;
  /** Why it does not run; absent while it does. */
  readonly trouble?: string;
}

/**
 * Starts a server again whenever it ends, with growing pauses.
 *
 * @param notice called when it ends, with what keeps it from starting, and when it is up again
 */
export function keepServer(
  name: string,
  server: Pick<Daemon, "ended" | "restart"> & AsyncDisposable,
  notice: (line: string) => void,
): KeptServer {
  const stopping = new AbortController();
  let restarts = 0;
  let trouble: string | undefined;
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener("abort", () => resolve()));

  /** Tries until the server is up. */
  const startAgain = async (failures: number) => {
    for (;; failures++) {
      await sleep(backoff(failures), stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        return await server.restart(stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        trouble = describe(error);
        notice(`warn  ${name} can't be started again yet: ${trouble}`);
      }
    }
  };
  const keep = async () => {
    for (let failures = 0;; failures++) {
      const startedAt = performance.now();
      const status = await Promise.race([server.ended, stopped]);
      if (stopping.signal.aborted || !status) return;
      if (performance.now() - startedAt > WELL_MS) failures = 0;
      const endedAt = performance.now();
      trouble = `ended with ${status.signal ?? `code ${status.code}`}, and is started again`;
      notice(`warn  ${name} ${trouble}`);
      await startAgain(failures);
      if (stopping.signal.aborted) return;
      restarts++;
      trouble = undefined;
      notice(`${name} is up again after ${((performance.now() - endedAt) / 1_000).toFixed(1)} s`);
    }
  };
  const kept = keep();
  return {
    name,
    get restarts() {
      return restarts;
    },
    get trouble() {
      return trouble;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await kept;
      await server[Symbol.asyncDispose]();
    },
  };
}
