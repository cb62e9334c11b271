import { summaryOf } from "./histogram.ts";
import { describe, type Log } from "../log.ts";
import { noteProgress, type Progress, whyStuck } from "./progress.ts";
import type { Report } from "./report.ts";

const LOOK_MS = 5_000;

type Status = "ok" | "waiting" | "stuck";

/**
 * The paths, and the statuses at which each answers 503.
 * `/livez` (does a restart help?) never answers 503: a worker that answers runs, a restart does not remove the cause of a stop, and a
 * producer would lose what it has in memory. `/readyz` (does it make progress?) answers 503 while the worker waits or is stuck,
 * `/healthz` only while a person must act.
 */
const redAt: Record<string, readonly Status[]> = {
  "/livez": [],
  "/readyz": ["waiting", "stuck"],
  "/healthz": ["stuck"],
};

/**
 * Serves `/livez`, `/readyz` and `/healthz` with 200 or 503. The body is the worker's report as JSON, with `status` and the `reason`
 * in words.
 * @throws {Error} naming HEALTH_PORT if the port can't be used
 */
export function serveHealth(port: number, report: () => Report, log: Log): AsyncDisposable {
  let progress: Progress = { done: 0, since: performance.now() };
  const look = () => progress = noteProgress(progress, report(), performance.now());
  const answer = (request: Request) => {
    const { pathname } = new URL(request.url);
    if (!Object.hasOwn(redAt, pathname)) {
      return new Response(`see ${Object.keys(redAt).join(", ")}\n`, { status: 404 });
    }
    const now = report();
    const stuck = whyStuck(now, look(), performance.now());
    const status: Status = stuck ? "stuck" : now.waiting ? "waiting" : "ok";
    const body = {
      status,
      reason: stuck ?? now.waiting,
      ...now,
      stuck,
      ...summaryOf(now.recentDelays ?? []),
    };
    return Response.json(body, {
      status: redAt[pathname].includes(status) ? 503 : 200,
    });
  };
  const server = listen(port, answer, log);
  const timer = setInterval(look, LOOK_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await server.shutdown();
    },
  };
}

function listen(port: number, answer: (request: Request) => Response, log: Log): Deno.HttpServer {
  try {
    const onListen = () => log.debug("serving /livez, /readyz and /healthz", { port });
    return Deno.serve({ port, onListen }, answer);
  } catch (error) {
    const why = error instanceof Deno.errors.AddrInUse
      ? "another process has it, perhaps another worker with the same setting"
      : describe(error);
    throw new Error(
      `Cannot use HEALTH_PORT: port ${port} can't be used: ${why}. Example: HEALTH_PORT=${port + 1}`,
    );
  }
}
