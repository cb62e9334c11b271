import assert from "node:assert/strict";
import { readConfig } from "../config/config.ts";
import { asName, foreignHost } from "./host.ts";
import { usualMarket } from "./markets/mod.ts";
import { requireOwnDatabase, requireOwnTopics } from "../config/own_names.ts";

const { wsUrl } = usualMarket;

const testNetwork = {
  BINANCE_WS_URL: "wss://stream.binancefuture.com",
  BINANCE_REST_URL: "https://testnet.binancefuture.com",
};

Deno.test("whatever is not the exchange's own host, over TLS, is foreign, be it one of the two URLs", () => {
  const host = (env: Record<string, string>) => foreignHost(readConfig(env));
  assert.equal(host(testNetwork), "stream.binancefuture.com");
  assert.equal(host({ BINANCE_WS_URL: "ws://127.0.0.1:9001" }), "127.0.0.1:9001");
  assert.equal(host({ BINANCE_REST_URL: "http://127.0.0.1:9001" }), "127.0.0.1:9001");
  assert.equal(host({ BINANCE_WS_URL: wsUrl.replace("wss:", "ws:") }), new URL(wsUrl).host);
  assert.equal(
    host({ BINANCE_WS_URL: `${wsUrl}.example.org` }),
    `${new URL(wsUrl).host}.example.org`,
  );
  assert.equal(host({ BINANCE_WS_URL: `${wsUrl}:443/`, BINANCE_REST_URL: "" }), undefined);
});

Deno.test("a name is made of any text, and long ones that differ stay different", () => {
  assert.equal(asName("127.0.0.1:9001"), "127_0_0_1_9001");
  assert.equal(asName("Day 1.jsonl"), "day_1_jsonl");
  const long = "market-data.proxy.internal.example.org";
  assert.match(asName(long + ":1"), /^market_data_proxy_[0-9a-f]{6}$/);
  assert.notEqual(asName(long + ":1"), asName(long + ":2"));
  assert.match(asName("币安"), /^_[0-9a-f]{6}$/);
});

Deno.test("a worker refuses to mix another host's data with the exchange's, and says what to set", () => {
  const check = (env: Record<string, string>) => {
    const config = readConfig(env);
    requireOwnTopics(config);
    requireOwnDatabase(config);
  };
  check({});
  check({ ...testNetwork, TOPIC_PREFIX: "test.", DB_URL: "postgres://localhost/test" });
  assert.throws(() => check(testNetwork), {
    name: "ConfigError",
    message:
      /stream\.binancefuture\.com, which is not the exchange.* TOPIC_PREFIX=stream_binancefuture_com\.$/,
  });
  assert.throws(() => check({ ...testNetwork, TOPIC_PREFIX: "test." }), {
    name: "ConfigError",
    message: /in the database bookline: .* DB_URL=.*\/bookline_stream_binancefuture_com$/,
  });
});
