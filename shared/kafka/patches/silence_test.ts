import assert from "node:assert/strict";
import Connection from "kafkajs/src/network/connection.js";
import socketFactory from "kafkajs/src/network/socketFactory.js";
import protocols from "kafkajs/src/protocol/requests/index.js";
import { until } from "../../../tests/until.ts";
import "./request_timer.ts";
import "./silence.ts";

const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} };

Deno.test("a connection on which nothing is answered is closed, and the next request has a new one: without the patch it stays in use", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted: Deno.Conn[] = [];
  (async () => {
    for await (const one of server) accepted.push(one);
  })();
  const { port } = server.addr as Deno.NetAddr;
  const connection = new Connection({
    host: "127.0.0.1",
    port,
    logger,
    requestTimeout: 200,
    connectionTimeout: 5_000,
    socketFactory: socketFactory(),
  });
  const request = protocols.requests.ApiVersions.protocol({ version: 0 })();
  await connection.connect();
  const answers = [connection.send(request), connection.send(request)];
  for (const answer of await Promise.allSettled(answers)) {
    assert.equal((answer as PromiseRejectedResult).reason.name, "KafkaJSConnectionClosedError");
    assert.equal((answer as PromiseRejectedResult).reason.port, port);
  }
  assert.equal(connection.isConnected(), false);

  await connection.connect();
  await until("a second connection", () => accepted.length === 2);
  // What becomes of the first one does not concern it.
  accepted[0].close();
  await assert.rejects(connection.send(request), { name: "KafkaJSConnectionClosedError" });
  accepted[1].close();
});
