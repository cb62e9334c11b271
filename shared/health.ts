import type { Log } from "./log.ts";
import type { Report } from "./worker.ts";

/**
 * Serves `/healthz`: 200 while the worker makes progress or waits for what is no fault of its own, 503 when it is stuck;
 * the body is its report as JSON, with `status` ok, waiting or stuck and the reason in words.
 */
export function serveHealth(port: number, report: () => Report, log: Log): AsyncDisposable {
  const server = Deno.serve({
    port,
    onListen: () => log.debug("serving /healthz", { port }),
  }, (request) => {
    if (new URL(request.url).pathname !== "/healthz") return new Response("see /healthz\n", { status: 404 });
    const now = report();
    const status = now.stuck ? "stuck" : now.waiting ? "waiting" : "ok";
    return Response.json({ status, reason: now.stuck ?? now.waiting, ...now }, {
      status: now.stuck ? 503 : 200,
    });
  });
  return { [Symbol.asyncDispose]: () => server.shutdown() };
}
