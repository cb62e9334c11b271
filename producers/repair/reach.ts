import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import type { RestClient } from "../../shared/exchange/rest.ts";

/** As long may the exchange be away until the work is left to another worker, which may reach it from where that one is, in ms. */
const LEFT_AFTER_MS = 30_000;

/**
 * Returns a function that says whether this worker should have the work: not while it has had no answer for `LEFT_AFTER_MS`. While the
 * exchange itself says when to come again it should, as another worker may have the same address, and would ask too early.
 */
export function createReach(
  client: Pick<RestClient, "trouble">,
  requestPause: Pick<RequestPause, "left">,
): () => boolean {
  let answeredAt = performance.now();
  return () => {
    if (!client.trouble || requestPause.left > 0) answeredAt = performance.now();
    return performance.now() < answeredAt + LEFT_AFTER_MS;
  };
}
