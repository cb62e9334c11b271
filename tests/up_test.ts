import assert from "node:assert/strict";
import { join } from "node:path";
import { startExchange } from "../local/exchange/server.ts";
import { isRunning } from "../local/process.ts";
import { type Apart, apartOf } from "../local/up/apart.ts";
import { topicName } from "../shared/kafka/mod.ts";
import { connect } from "../shared/postgres/mod.ts";
import { cloneProject, summaryOf } from "./clone.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, testKafka } from "./stack.ts";
import { until } from "./until.ts";

/** Servers of the user's own, with nothing of Bookline's on them, and what `up` puts there. */
async function ownServers(apart: Apart = { database: "_simulated", topics: "simulated." }) {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await emptyDatabase());
  const { kafka, config } = parts.use(await testKafka());
  const name = `${database.config.name}${apart.database}`;
  const sql = connect({ ...database.config, name }, silent);
  parts.defer(async () => {
    await sql.end();
    await database.sql`drop database if exists ${database.sql(name)} with (force)`;
  });
  const env = {
    BOOTSTRAP_SERVER: config.brokers.join(),
    DB_URL: database.url,
    TOPIC_PREFIX: config.topicPrefix,
  };
  const topic = topicName({ ...config, topicPrefix: `${config.topicPrefix}${apart.topics}` }, {
    topic: "order_book_data",
  });
  const messages = async () => {
    const extent = await kafka.extentOf(topic);
    return extent.reduce((sum, { low, high }) => sum + high - low, 0);
  };
  const kept = parts.move();
  return { env, sql, name, messages, database, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Envelopes of book tickers, one a line, as a file. */
async function writeRecording(path: string, messages: number): Promise<void> {
  const time = Date.UTC(2024, 7, 8);
  const lines = Array.from({ length: messages }, (_, i) => {
    const data = {
      e: "bookTicker",
      u: i,
      s: "ETHUSDT",
      b: "1.50",
      B: "2",
      a: "1.51",
      A: "3",
      T: time + i,
      E: time + i,
    };
    return JSON.stringify({ stream: "ethusdt@bookTicker", data });
  });
  await Deno.writeTextFile(path, lines.join("\n"));
}

Deno.test("up says in one line what is missing or wrong, and ends", async () => {
  await using clone = await cloneProject();
  const cases: [string[], Record<string, string>, number, RegExp][] = [
    [["--duration", "5"], {}, 78, /^Cannot use --duration: 5 is no time/m],
    [[], { SYMBOLS: "BTC/USDT" }, 78, /^Cannot use SYMBOLS: it names BTC\/USDT, which is no symbol/m],
    [["--feed", "nowhere.jsonl"], {}, 1, /^Cannot play nowhere\.jsonl: No such file/m],
    [
      ["--feed", "live"],
      { BINANCE_REST_URL: "http://127.0.0.1:1" },
      1,
      /^Cannot use the live feed: http.*can't be reached/m,
    ],
    [
      [],
      { BINANCE_REST_URL: "http://127.0.0.1:1", DB_URL: "postgres://127.0.0.1:1/x" },
      1,
      /^Cannot use the live feed/m,
    ],
    [
      ["--feed", "simulated"],
      { JAVA_HOME: "/nowhere" },
      1,
      /^Cannot start Kafka as there is no Java .*: install it .*, or set/m,
    ],
  ];
  for (const [args, env, code, words] of cases) {
    const up = clone.up(["--json", ...args], env);
    assert.equal((await up.ended).code, code, up.printed.stderr);
    assert.match(up.printed.stderr, words);
    assert.doesNotMatch(up.printed.stderr, /^\s+at |Warning/m);
    assert.equal(up.printed.stdout, "");
  }
});

Deno.test("on the user's servers a simulated feed has a database and topics of its own, and all that came is stored", async () => {
  await using clone = await cloneProject();
  await using servers = await ownServers();
  const up = clone.up(["--feed", "simulated", "--duration", "3s", "--rate", "2000", "--json"], servers.env);
  const { feed, streams, delay_ms } = await summaryOf(up);

  assert.equal(feed, "simulated");
  for (const name of ["kline", "book"]) {
    const { received, produced, stored, rows, rejected, dropped } = streams[name];
    assert.ok(received > 0 && rows > 0, name);
    assert.deepEqual({ produced, stored, rejected, dropped }, {
      produced: received,
      stored: received,
      rejected: 0,
      dropped: 0,
    });
    const [table] = await servers.sql`
      select count(*)::int as rows from websocket.${
      servers.sql(name === "kline" ? "kline_data" : "order_book_data")
    }`;
    assert.equal(table.rows, rows);
  }
  assert.ok(delay_ms.p50 > 0 && delay_ms.p50 <= delay_ms.p99);
  const [{ legacy }] = await servers.database.sql`select to_regclass('websocket.kline_data') as legacy`;
  assert.equal(legacy, null, "the database of real data is left alone");
  const said = up.printed.stderr.trim().split("\n").filter((line) => line.startsWith("SIMULATED data"));
  assert.equal(said.length, 2, "simulated data is announced in the first line and in the last");
  assert.ok(up.printed.stderr.trim().endsWith("SIMULATED data, not the market"));
});

Deno.test("a recording is played to its end; a second time changes nothing; with --fresh it begins with empty tables", async () => {
  await using clone = await cloneProject();
  const file = join(clone.path, "day.jsonl");
  await writeRecording(file, 5_000);
  await using servers = await ownServers(await apartOf({ kind: "file", file }));
  const play = async (...args: string[]) => {
    const up = clone.up(["--feed", "day.jsonl", "--rate", "10000", "--json", ...args], servers.env);
    const { feed, streams: { book: { received, stored, rows } } } = await summaryOf(up);
    return { feed, received, stored, rows };
  };
  const whole = { feed: "day.jsonl", received: 5_000, stored: 5_000, rows: 5_000 };
  assert.deepEqual(await play(), whole);
  assert.deepEqual(await play(), whole);

  await servers.sql`create table websocket.kline_data_legacy as select 1 as kept`;
  await writeRecording(file, 1_000);
  assert.deepEqual(await play("--fresh"), { feed: "day.jsonl", received: 1_000, stored: 1_000, rows: 1_000 });
  assert.equal((await servers.sql`select kept from websocket.kline_data_legacy`)[0].kept, 1);
  assert.equal(await servers.messages(), 1_000);
});

Deno.test("another host's data is not called live, is kept apart, and is not cleared on the user's servers unless they name it", async () => {
  await using clone = await cloneProject();
  const market = { symbols: ["BTCUSDT"], intervals: ["1m"], rate: 200, seed: 1 };
  await using exchange = await startExchange({ feed: { kind: "simulated", ...market } });
  const { host } = new URL(exchange.url);
  await using servers = await ownServers(await apartOf({ kind: "host", host }));
  const env = {
    ...servers.env,
    SYMBOLS: "BTCUSDT",
    BINANCE_WS_URL: exchange.wsUrl,
    BINANCE_REST_URL: exchange.url,
  };
  const play = (...args: string[]) => clone.up(["--duration", "1s", "--json", ...args], env);
  const first = play();
  const { feed, streams } = await summaryOf(first);
  assert.equal(feed, host);
  assert.doesNotMatch(first.printed.stderr, /LIVE/);
  assert.ok(first.printed.stderr.trim().endsWith(`Data from ${host}, which is not the exchange`));
  const [{ legacy }] = await servers.database.sql`select to_regclass('websocket.kline_data') as legacy`;
  assert.equal(legacy, null, "the database of the exchange's data is left alone");

  for (const args of ["--fresh", `--fresh=${servers.database.config.name}`]) {
    const refused = play(args);
    assert.equal((await refused.ended).code, 78);
    assert.match(refused.printed.stderr, /^Cannot use --fresh.*Nothing was removed$/m);
    assert.ok(refused.printed.stderr.includes(servers.name), "it is told which database it would be");
  }
  const before = streams.book.rows;
  const [{ rows }] = await servers.sql`select count(*)::int as rows from websocket.order_book_data`;
  assert.equal(rows, before);
  assert.equal(await servers.messages(), before);

  const cleared = await summaryOf(play(`--fresh=${servers.name}`));
  assert.equal(cleared.streams.book.rows, cleared.streams.book.received);
});

Deno.test("a worker that is killed is started again and nothing is lost; a second up is refused; Ctrl-C ends it all", async () => {
  await using clone = await cloneProject();
  await using servers = await ownServers();
  const up = clone.up(["--feed", "simulated", "--rate", "500"], servers.env);
  await up.says(/book: received=\d+/);
  const workers = async (): Promise<{ pid: number; command: string }[]> =>
    JSON.parse(await Deno.readTextFile(join(clone.path, ".local/up/workers.json")));

  const second = clone.up([], servers.env);
  assert.equal((await second.ended).code, 1);
  assert.match(second.printed.stderr, /Another `deno task up` runs in this project already: .* process \d+/);

  const first = await workers();
  Deno.kill(first.find(({ command }) => command.endsWith("consumers/book.ts"))!.pid, "SIGKILL");
  await up.says(/book:consume ended unexpectedly with SIGKILL: starting it again/);
  await until("five workers to run again", async () => (await workers()).length === first.length);

  up.interrupt();
  assert.equal((await up.ended).code, 0, up.printed.stderr);
  const [, received, rows] = /^book: ([\d,]+) received.*the table has ([\d,]+) rows$/m.exec(
    up.printed.stdout,
  )!;
  assert.equal(rows, received);
  assert.match(up.printed.stdout, /book:consume was started again/);
  for (const { pid } of first) assert.ok(!await isRunning(pid));
});
