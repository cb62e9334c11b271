import assert from "node:assert/strict";
import { openSocket } from "./socket.ts";

Deno.test("a worker that is told to stop does not wait for an exchange that never answers", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const stop = new AbortController();
  const opening = openSocket(`ws://127.0.0.1:${listener.addr.port}/`, () => {}, stop.signal);
  using _connection = await accepted;
  stop.abort();
  await assert.rejects(opening, /Cannot connect to the exchange at ws:.*: told to stop/);
});
