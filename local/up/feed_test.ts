import assert from "node:assert/strict";
import { freePort } from "../ports.ts";
import { chooseFeed, headline, obstacleTo, pathOf, tagOf } from "./feed.ts";

const place = { binanceWsUrl: "wss://exchange.test" };

const blocked = () => Promise.resolve("https://example.org answers with HTTP 451");
const open = () => Promise.resolve(undefined);
const alone = { ownServers: false };
const theirs = { ownServers: true };
const never = () => assert.fail("the exchange is not asked");

Deno.test("the live feed that was asked for is not replaced: the error says what keeps it away", async () => {
  await assert.rejects(chooseFeed({ kind: "live" }, alone, blocked), {
    message:
      "Cannot use the live feed: https://example.org answers with HTTP 451. For simulated data: --feed simulated",
  });
});

Deno.test("on the user's own servers nothing is simulated without a request", async () => {
  await assert.rejects(
    chooseFeed(undefined, theirs, blocked),
    /HTTP 451\. With BOOTSTRAP_SERVER or DB_URL set/,
  );
});

Deno.test("another host in the exchange's place is not called live, and no simulation replaces it", async () => {
  const elsewhere = { host: "127.0.0.1:9001", ownServers: false };
  for (const asked of [undefined, { kind: "live" } as const]) {
    const feed = await chooseFeed(asked, elsewhere, open);
    assert.deepEqual(feed, { kind: "host", host: "127.0.0.1:9001" });
    assert.equal(headline(feed, place), "Data from 127.0.0.1:9001, which is not the exchange");
    await assert.rejects(chooseFeed(asked, elsewhere, blocked), /^Error: Cannot use the live feed/);
  }
  assert.deepEqual(await chooseFeed({ kind: "simulated" }, elsewhere, never), { kind: "simulated" });
});

Deno.test("without a wish the live feed is taken where it can be had, else the simulated one, saying why", async () => {
  assert.deepEqual(await chooseFeed(undefined, theirs, open), { kind: "live" });
  assert.deepEqual(await chooseFeed(undefined, alone, open), { kind: "live" });
  const feed = await chooseFeed(undefined, alone, blocked);
  assert.deepEqual(feed, { kind: "simulated", because: "https://example.org answers with HTTP 451" });
  assert.equal(
    headline(feed, place),
    "SIMULATED data, not the market: https://example.org answers with HTTP 451",
  );
});

Deno.test("a simulated or recorded feed is taken without asking the exchange", async () => {
  assert.deepEqual(await chooseFeed({ kind: "simulated" }, theirs, never), { kind: "simulated" });
  const file = { kind: "file", file: "a.jsonl" } as const;
  assert.deepEqual(await chooseFeed(file, theirs, never), file);
});

Deno.test("an exchange that refuses, hangs up or is silent is an obstacle; one that answers is none", async () => {
  let answer = () => new Response("{}");
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => answer());
  const url = `http://127.0.0.1:${server.addr.port}`;
  const obstacle = () => obstacleTo(url, "/ping", AbortSignal.timeout(120_000));
  assert.equal(await obstacle(), undefined);
  answer = () => new Response("", { status: 451 });
  assert.equal(await obstacle(), `${url} answers with HTTP 451, as it does in blocked regions`);
  answer = () => new Response("", { status: 503 });
  assert.equal(await obstacle(), `${url} answers with HTTP 503`);
  assert.match(
    await obstacleTo("http://127.0.0.1:1", "/ping", AbortSignal.timeout(120_000)) ?? "",
    /:1 can't be reached \(/,
  );
});

Deno.test("an exchange that does not answer is given 3 s", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${silent.addr.port}`;
  assert.equal(
    await obstacleTo(url, "/ping", AbortSignal.timeout(120_000)),
    `${url} does not answer within 3 s`,
  );
  silent.close();
});

Deno.test("a recording's path is seen from where the user is", () => {
  assert.equal(pathOf("/data/a.jsonl"), "/data/a.jsonl");
  assert.ok(pathOf("a.jsonl").startsWith(Deno.env.get("INIT_CWD") ?? Deno.cwd()));
});

Deno.test("live data is named with its host, in a sentence and in a few letters; other data never says LIVE", () => {
  assert.equal(headline({ kind: "live" }, place), "LIVE data from the exchange, exchange.test");
  assert.equal(tagOf({ kind: "live" }, place), "LIVE exchange.test");
  assert.equal(tagOf({ kind: "simulated" }, place), "SIMULATED");
  assert.equal(tagOf({ kind: "host", host: "127.0.0.1:9" }, place), "NOT THE EXCHANGE 127.0.0.1:9");
  assert.equal(tagOf({ kind: "file", file: "a.jsonl" }, place), "REPLAYED");
});

Deno.test("of an exchange that can't be reached it is said what happened, in a few words", async () => {
  const port = freePort();
  const why = await obstacleTo(`http://127.0.0.1:${port}`, "/ping", new AbortController().signal);
  assert.match(
    why!,
    new RegExp(`^http://127\\.0\\.0\\.1:${port} can't be reached \\(Connection refused[^:]*\\)$`),
  );
});
