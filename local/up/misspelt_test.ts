import assert from "node:assert/strict";
import { misspelt } from "./misspelt.ts";

const known = [
  "SYMBOLS",
  "DB_URL",
  "DB_USER",
  "KLINE_INTERVALS",
  "BOOTSTRAP_SERVER",
  "KAFKA_PORT",
  "GRAFANA_PORT",
];

Deno.test("a name that nothing reads is named with the one that it looks like", () => {
  assert.deepEqual(misspelt(["SYMBOL", "DB_URI", "BOOTSTRAP_SERVERS", "symbols", "KLINE_INTERVAL"], known), [
    { name: "SYMBOL", meant: "SYMBOLS" },
    { name: "DB_URI", meant: "DB_URL" },
    { name: "BOOTSTRAP_SERVERS", meant: "BOOTSTRAP_SERVER" },
    { name: "symbols", meant: "SYMBOLS" },
    { name: "KLINE_INTERVAL", meant: "KLINE_INTERVALS" },
  ]);
});

Deno.test("names that are read, and names that look like none, are not", () => {
  assert.deepEqual(
    misspelt([...known, "PATH", "HOME", "LANG", "COMPOSE_PROJECT_NAME", "EDITOR", "USER", "SHLVL"], known),
    [],
  );
});
