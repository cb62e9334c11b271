import assert from "node:assert/strict";
import { isFaultOfContent, isTransient } from "./postgres.ts";

const withCode = (code: string) => Object.assign(new Error("failed"), { code });

Deno.test("no connection, no room, a lock or a fail-over are waited out, and are no fault of a row", () => {
  const network = [
    "ECONNREFUSED",
    "CONNECTION_CLOSED",
    "CONNECT_TIMEOUT",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
  ];
  const states = [
    "08006",
    "53100",
    "53200",
    "53300",
    "57P01",
    "57P03",
    "58030",
    "40001",
    "40P01",
    "25006",
    "55P03",
  ];
  for (const code of [...network, ...states, "57014"]) {
    assert.equal(isTransient(withCode(code)), true, code);
    assert.equal(isFaultOfContent(withCode(code)), false, code);
  }
});

Deno.test("a wrong password, a missing table or right, and errors of our own are not waited out at the start", () => {
  for (const code of ["28P01", "3D000", "42P01", "42501", "42601", "22003", "23505"]) {
    assert.equal(isTransient(withCode(code)), false, code);
  }
  for (const error of [new Error("no code"), new TypeError("a bug"), undefined, null, { code: 5 }]) {
    assert.equal(isTransient(error), false);
    assert.equal(isFaultOfContent(error), false);
  }
});

Deno.test("data exceptions and broken constraints are a row's fault, and nothing else is", () => {
  for (const code of ["22003", "22021", "22P02", "23502", "23505", "23514"]) {
    assert.equal(isFaultOfContent(withCode(code)), true, code);
  }
  for (const code of ["42703", "42804", "42501", "28P01", "XX000"]) {
    assert.equal(isFaultOfContent(withCode(code)), false, code);
  }
});
