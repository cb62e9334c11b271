import { describe, type Log } from "../log.ts";
import type { Exposition } from "./exposition.ts";
import { summaryOf } from "./histogram.ts";
import type { Status, Telemetry } from "./telemetry.ts";

type State = Status["state"];

/**
 * The paths, and the states at which each answers 503.
 * `/livez` (does a restart help?) never answers 503: a worker that answers runs, a restart does not remove the cause of a stop, and a
 * producer would lose what it has in memory. `/readyz` (does it make progress?) answers 503 while the worker waits or is stuck,
 * `/healthz` only while a person must act.
 */
const redAt: Record<string, readonly State[]> = {
  "/livez": [],
  "/readyz": ["waiting", "stuck"],
  "/healthz": ["stuck"],
};
const METRICS = "/metrics";

interface Address {
  /** An IP address of this machine, or one that stands for all of them. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * Serves `/livez`, `/readyz` and `/healthz` with 200 or 503, and `/metrics` for Prometheus. The body of the first three is the report as
 * JSON, with `status` and the `reason` in words. Of several streams it is the worst status, its reason, and under `streams` the report
 * of each.
 * @throws {Error} naming HEALTH_PORT or HEALTH_HOST if it can't be used
 */
export function serveHealth(
  address: Address,
  streams: readonly Telemetry[],
  metrics: Exposition,
  log: Log,
): AsyncDisposable {
  const answer = async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === METRICS) {
      return new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } });
    }
    if (!Object.hasOwn(redAt, pathname)) {
      return new Response(`see ${[...Object.keys(redAt), METRICS].join(", ")}\n`, { status: 404 });
    }
    const body = bodyOf(streams);
    return Response.json(body, { status: redAt[pathname].includes(body.status) ? 503 : 200 });
  };
  const server = listen(address, answer, log);
  return { [Symbol.asyncDispose]: () => server.shutdown() };
}

const severity: readonly State[] = ["ok", "waiting", "stuck"];

function bodyOf(streams: readonly Telemetry[]): { status: State; reason?: string } {
  const bodies = streams.map((one) => {
    const { state: status, reason } = one.status();
    const report = one.report();
    const stuck = status === "stuck" ? reason : undefined;
    return { status, reason, ...report, stuck, ...summaryOf(report.recentDelays ?? []) };
  });
  if (bodies.length === 1) return bodies[0];
  const named = bodies.map((body, i) => ({ ...body, stream: streams[i].stream }));
  const worst = named.reduce((a, b) => severity.indexOf(b.status) > severity.indexOf(a.status) ? b : a);
  return {
    status: worst.status,
    reason: worst.reason && `${worst.stream}: ${worst.reason}`,
    ...{ streams: Object.fromEntries(bodies.map((body, i) => [streams[i].stream, body])) },
  };
}

function listen(
  { hostname, port }: Address,
  answer: (request: Request) => Promise<Response>,
  log: Log,
): Deno.HttpServer {
  try {
    const onListen = () => log.debug(`serving ${[...Object.keys(redAt), METRICS].join(", ")}`, { port });
    return Deno.serve({ hostname, port, onListen }, answer);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) {
      const why = error instanceof Deno.errors.AddrInUse
        ? "another process has it, perhaps another worker with the same setting"
        : describe(error);
      throw new Error(
        `Cannot use HEALTH_PORT: port ${port} can't be used: ${why}. Example: HEALTH_PORT=${port + 1}`,
      );
    }
    const why = error instanceof Deno.errors.AddrNotAvailable
      ? `this machine has no address ${hostname}`
      : `nothing can be served on ${hostname}: ${describe(error)}`;
    throw new Error(`Cannot use HEALTH_HOST: ${why}. Example: HEALTH_HOST=0.0.0.0`);
  }
}
