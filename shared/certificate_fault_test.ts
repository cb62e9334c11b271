import assert from "node:assert/strict";
import { certificateFault } from "./certificate_fault.ts";

Deno.test("an error that is not about certificates gives undefined", () => {
  assert.equal(certificateFault("connect ECONNREFUSED 127.0.0.1:9093"), undefined);
});

Deno.test("a certificate for another host is reported as such", () => {
  const text = "Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the cert's list";
  assert.match(certificateFault(text)!, /^its certificate is another host's: Hostname/);
});

Deno.test("an expired certificate is reported as such", () => {
  assert.match(certificateFault("certificate has expired")!, /^its certificate has expired/);
});

Deno.test("a certificate by an unknown authority leads to DENO_CERT", () => {
  for (const text of ["unable to verify the first certificate", "self-signed certificate in chain"]) {
    assert.match(certificateFault(text)!, /can't be trusted: .*DENO_CERT=/);
  }
});
