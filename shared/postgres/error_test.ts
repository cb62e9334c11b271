import assert from "node:assert/strict";
import { isRefusal, isTransient } from "./error.ts";

const withCode = (code: string, fields = {}) => Object.assign(new Error("failed"), { code, ...fields });

Deno.test("no connection, no room, a lock or a fail-over are waited out, and refuse no row", () => {
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
    assert.equal(isRefusal(withCode(code)), false, code);
  }
});

Deno.test("a wrong password, a missing table or right, and errors of our own are not waited out at the start", () => {
  for (const code of ["28P01", "3D000", "42P01", "42501", "42601", "22003", "23505"]) {
    assert.equal(isTransient(withCode(code)), false, code);
  }
  for (const error of [new Error("no code"), new TypeError("a bug"), undefined, null, { code: 5 }]) {
    assert.equal(isTransient(error), false);
    assert.equal(isRefusal(error), false);
  }
});

Deno.test("a column of another type, a missing partition, table or right refuse no row", () => {
  for (const code of ["22P03", "22P04", "23514", "42703", "42804", "42501", "28P01", "XX000"]) {
    assert.equal(isRefusal(withCode(code)), false, code);
  }
});

Deno.test("data exceptions, broken constraints, limits and triggers may refuse a row", () => {
  for (const code of ["22003", "22021", "22P02", "23502", "23505", "54000", "P0001"]) {
    assert.equal(isRefusal(withCode(code)), true, code);
  }
  assert.equal(isRefusal(withCode("23514", { constraint_name: "plausible" })), true);
});
