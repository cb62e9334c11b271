/**
 * Whether a Kafka broker answers on that port of 127.0.0.1: it is asked for the versions that it speaks, which it tells
 * only once it has joined its cluster. (Kafka protocol guide, "ApiVersions".)
 */
export async function isBroker(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(apiVersionsRequest);
    const answer = new Uint8Array(10);
    // Length, correlation id, error code: zero if all is well.
    return await connection.read(answer) === 10 && new DataView(answer.buffer).getInt16(8) === 0;
  } catch {
    return false;
  }
}

/** Length 10; API 18 in version 0; correlation id 1; no client id. */
const apiVersionsRequest = Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff);
