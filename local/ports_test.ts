import assert from "node:assert/strict";
import { choosePort, freePort } from "./ports.ts";
import { temporaryFolder } from "./testing.ts";

Deno.test("a server gets the port of last time, unless it is taken by now", async () => {
  await using folder = await temporaryFolder();
  const choose = (wanted?: number) => choosePort("Kafka", `${folder.path}/port`, wanted);
  const port = await choose();
  assert.equal(await choose(), port);

  using _other = Deno.listen({ hostname: "127.0.0.1", port });
  assert.notEqual(await choose(), port);
  await assert.rejects(choose(port), /Cannot start Kafka on port \d+ as another program listens there/);
});

Deno.test("a port is given to one, though nothing listens there yet", () => {
  const ports = Array.from({ length: 500 }, freePort);
  assert.equal(new Set(ports).size, ports.length);
});

Deno.test("a port that was asked for is remembered", async () => {
  await using folder = await temporaryFolder();
  const wanted = freePort();
  assert.equal(await choosePort("Kafka", `${folder.path}/port`, wanted), wanted);
  assert.equal(await choosePort("Kafka", `${folder.path}/port`), wanted);
});
