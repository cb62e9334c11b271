import assert from "node:assert/strict";
import { readConfig } from "../../shared/config/config.ts";
import { kline } from "../../shared/streams/kline.ts";
import { dataHint } from "./data_hint.ts";

const config = readConfig({ DB_URL: "jdbc:postgresql://db.example.org/market?user=me&password=s%26cret" });

Deno.test("a user's own password is never shown", () => {
  assert.equal(
    dataHint(config, kline.message, false),
    "psql postgres://me@db.example.org:5432/market -c 'table websocket.kline_data limit 10'",
  );
});

Deno.test("the local database's password is, for the command to work as it is", () => {
  assert.match(
    dataHint(config, kline.message, true),
    /^psql postgres:\/\/me:s%26cret@db\.example\.org:5432\/market -c /,
  );
});
