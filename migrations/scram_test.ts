import assert from "node:assert/strict";
import { scramVerifier } from "./scram.ts";

Deno.test("two verifiers of one password differ, as their salts do", () => {
  assert.notEqual(scramVerifier("secret"), scramVerifier("secret"));
});

Deno.test("a verifier holds the keys of RFC 7677's example, and not its password", () => {
  const salt = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");
  assert.equal(
    scramVerifier("pencil", salt),
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});
