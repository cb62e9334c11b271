import type { Log } from "./log.ts";
import { noteProgress, type Progress, whyStuck } from "./progress.ts";
import type { Report } from "./worker.ts";

const LOOK_MS = 5_000;

/**
 * Serves `/healthz`: 200 while the worker makes progress or waits for what is no fault of its own, such as a database that
 * is down, 503 when it should make progress and doesn't; the body is its report as JSON, with `status` ok, waiting or stuck
 * and the reason in words.
 */
export function serveHealth(port: number, report: () => Report, log: Log): AsyncDisposable {
  let progress: Progress = { done: 0, since: Date.now() };
  const look = () => progress = noteProgress(progress, report(), Date.now());
  const timer = setInterval(look, LOOK_MS);

  const server = Deno.serve({
    port,
    onListen: () => log.debug("serving /healthz", { port }),
  }, (request) => {
    if (new URL(request.url).pathname !== "/healthz") return new Response("see /healthz\n", { status: 404 });
    const now = report();
    const stuck = whyStuck(now, look(), Date.now());
    const status = stuck ? "stuck" : now.waiting ? "waiting" : "ok";
    return Response.json({ status, reason: stuck ?? now.waiting, ...now, stuck }, {
      status: stuck ? 503 : 200,
    });
  });
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await server.shutdown();
    },
  };
}
