import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBrokerAddress } from "./broker_address.ts";

const faultOf = (text: string) => {
  try {
    parseBrokerAddress(text);
  } catch (error) {
    return (error as Error).message;
  }
};

Deno.test("an address that can't be one is told with its fault", () => {
  assert.equal(faultOf("localhost"), "names localhost, which has no port");
  assert.equal(faultOf("localhost:"), "names localhost:, which has no port");
  assert.equal(faultOf("[::1]"), "names [::1], which has no port");
  assert.equal(faultOf("::1:9092"), "names ::1:9092, whose IPv6 address must be in brackets");
  assert.equal(faultOf("fe80::1"), "names fe80::1, whose IPv6 address must be in brackets");
  assert.equal(
    faultOf("[localhost]:9092"),
    "names [localhost]:9092, which has no IPv6 address in its brackets",
  );
  assert.equal(faultOf("[]:9092"), "names []:9092, which has no IPv6 address in its brackets");
  for (const port of ["0", "65536", "99999"]) {
    assert.equal(faultOf(`h:${port}`), `names h:${port}, whose port must be from 1 to 65535`);
  }
  assert.equal(
    faultOf("SASL_SSL://h:9092"),
    "names SASL_SSL://h:9092, which must not begin with SASL_SSL://",
  );
  for (const text of ["h:9092/x", "a:b:1", ":9092", "h:-1", "h :1", "[::1]9092"]) {
    assert.equal(faultOf(text), `names ${text}, which is not host:port`);
  }
});

Deno.test("names and addresses of both kinds come apart into host and port", () => {
  fc.assert(fc.property(fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
    assert.deepEqual(parseBrokerAddress(`[${host}]:${port}`), { host, port });
  }));
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.domain()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      assert.deepEqual(parseBrokerAddress(`${host}:${port}`), { host, port });
    }),
  );
});
