import assert from "node:assert/strict";
import { startExchange } from "../local/exchange/server.ts";
import { freePort } from "../local/ports.ts";
import { book } from "../shared/streams/book.ts";
import { backlogOf, ticks } from "./backlog.ts";
import { until } from "./until.ts";
import { startWorker, type TestWorker } from "./worker.ts";

/** Red within so long is soon enough, in ms. */
const SOON_MS = 60_000;

const status = async (worker: TestWorker) => (await worker.report())?.status;

Deno.test("a consumer whose database a person must repair is red within a minute, with the reason, until the repair", async () => {
  await using backlog = await backlogOf(book);
  const { sql } = backlog;
  const role = `writer_${crypto.randomUUID().replaceAll("-", "")}`;
  await sql.unsafe(`
    create role ${role} login password 'secret';
    grant usage on schema websocket to ${role};
    grant all on all tables in schema websocket to ${role};
    grant execute on all functions in schema websocket to ${role}`);
  try {
    const DB_URL = Object.assign(new URL(backlog.databaseUrl), { username: role, password: "secret" }).href;
    await using consumer = backlog.consume({ DB_URL });
    await backlog.send(ticks(0, 100));
    await backlog.rows(100);
    await until("it to be well", async () => await status(consumer) === "ok");
    assert.deepEqual(await consumer.health(), [200, 200, 200]);

    const faults: { breaks: string; repair: string; words: RegExp }[] = [
      {
        breaks: `revoke insert on websocket.order_book_data from ${role}`,
        repair: `grant insert on websocket.order_book_data to ${role}`,
        words: /permission denied for table order_book_data/,
      },
      {
        breaks: "alter table websocket.order_book_data rename to elsewhere",
        repair: "alter table websocket.elsewhere rename to order_book_data",
        words: /order_book_data .*(is missing|does not exist)/,
      },
      {
        breaks: "alter table websocket.order_book_data rename bid_qty to elsewhere",
        repair: "alter table websocket.order_book_data rename elsewhere to bid_qty",
        words: /bid_qty/,
      },
    ];
    let sent = 100;
    for (const { breaks, repair, words } of faults) {
      await sql.unsafe(breaks);
      await backlog.send(ticks(sent, 100));
      sent += 100;
      await until(`red after: ${breaks}`, async () => await status(consumer) === "stuck", SOON_MS);
      assert.match((await consumer.report())!.stuck!, words);
      assert.deepEqual(await consumer.health(), [200, 503, 503]);
      await sql.unsafe(repair);
      await backlog.rows(sent);
      await until("it to be well", async () => await status(consumer) === "ok");
    }
  } finally {
    await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  }
});

Deno.test("a producer that buffers while Kafka is away is live, and not ready, with the reason", async () => {
  const broker = `127.0.0.1:${freePort()}`;
  await using exchange = await startExchange({
    feed: { kind: "simulated", symbols: ["BTCUSDT"], intervals: ["1m"], rate: 200, seed: 1 },
  });
  await using producer = startWorker("book:produce", {
    BOOTSTRAP_SERVER: broker,
    BINANCE_WS_URL: exchange.wsUrl,
    BINANCE_REST_URL: exchange.url,
    SYMBOLS: "BTCUSDT",
    TOPIC_PREFIX: "test.",
  });
  const report = await until("messages to be buffered", async () => {
    const report = await producer.report();
    return report && report.counts.buffered > 100 && /ECONNREFUSED/.test(report.waiting ?? "") && report;
  });
  assert.equal(report.status, "waiting");
  assert.match(report.waiting!, new RegExp(`Cannot reach Kafka at ${broker}: `));
  assert.deepEqual(await producer.health(), [200, 503, 200]);
});

Deno.test("a producer whose exchange does not serve this region is red within a minute, with the reason, until it does", async () => {
  await using exchange = await startExchange({
    feed: { kind: "simulated", symbols: ["BTCUSDT"], intervals: ["1m"], rate: 200, seed: 1 },
  });
  exchange.inject({ fault: "refuse", status: 451, ms: 600_000 });
  await using producer = startWorker("book:produce", {
    BOOTSTRAP_SERVER: `127.0.0.1:${freePort()}`,
    BINANCE_WS_URL: exchange.wsUrl,
    BINANCE_REST_URL: exchange.url,
    SYMBOLS: "BTCUSDT",
    TOPIC_PREFIX: "test.",
  });
  await until("it to be red", async () => await status(producer) === "stuck", SOON_MS);
  assert.match((await producer.report())!.stuck!, /^status 451: it does not serve this region/);
  assert.deepEqual(await producer.health(), [200, 503, 503]);
  exchange.inject({ fault: "clear" });
  await until("it to wait for Kafka alone", async () => await status(producer) === "waiting");
});
