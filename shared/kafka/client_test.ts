import assert from "node:assert/strict";
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import { kafkaFaultLasts } from "./mod.ts";

const retried = (cause: Error) => new Error("retries exceeded", { cause });

Deno.test("a right, a setting or a password that is missing lasts until a person acts", () => {
  // By code: the topic, the group, the cluster, the topic's name, the policy.
  for (const code of [29, 30, 31, 17, 44]) {
    assert.ok(kafkaFaultLasts(retried(createErrorFromCode(code))), `${code}`);
  }
  assert.ok(
    kafkaFaultLasts(retried(new Error("SASL PLAIN authentication failed"))),
  );
  assert.ok(kafkaFaultLasts(Object.assign(new Error("of topics"), { errors: [createErrorFromCode(29)] })));
  assert.ok(kafkaFaultLasts(retried(new Error("self-signed certificate in certificate chain"))));
});

Deno.test("a broker that is away, starts or moves its partitions is waited for", () => {
  // By code: no leader yet, the coordinator loads, a rebalance, a new generation, an unknown member, too few replicas.
  for (const code of [5, 14, 27, 22, 25, 19, 38]) {
    assert.ok(!kafkaFaultLasts(retried(createErrorFromCode(code))), `${code}`);
  }
  for (const words of ["connect ECONNREFUSED", "Closed connection", "getaddrinfo ENOTFOUND kafka"]) {
    assert.ok(!kafkaFaultLasts(retried(new Error(words))), words);
  }
});
