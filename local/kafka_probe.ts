import { sleep } from "../shared/wait.ts";

/** How long the broker may take to answer, in ms. */
const limitMs = 1_000;

/**
 * Whether a Kafka broker answers on that port of 127.0.0.1: it is asked for the versions that it speaks, which it answers
 * only once it has joined its cluster. (Kafka protocol guide, "ApiVersions".)
 */
export async function isBroker(port: number): Promise<boolean> {
  const answered = new AbortController();
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    sleep(limitMs, answered.signal).then(() => answered.signal.aborted || connection.close());
    await connection.write(apiVersionsRequest);
    const answer = new Uint8Array(10);
    // Length, correlation id, error code: zero if all is well.
    return await connection.read(answer) === 10 && new DataView(answer.buffer).getInt16(8) === 0;
  } catch {
    return false;
  } finally {
    answered.abort();
  }
}

/** Length 10; API 18 in version 0; correlation id 1; no client id. */
const apiVersionsRequest = Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff);
