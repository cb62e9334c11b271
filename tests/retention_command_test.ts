import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readTasks, taskArguments } from "../local/up/tasks.ts";
import { makeRoles } from "../migrations/roles.ts";
import { listStreams } from "../shared/list_streams.ts";
import { silent } from "./silent.ts";
import { schema, testDatabase } from "./stack.ts";
import { DAY, insert, keep, setClock, tick, tidyUp } from "./ticks.ts";

const today = Date.parse("2127-08-10T12:00:00Z");

/** A database that keeps all, with a tick on each of ten days, and what `deno task retention …` says of it. */
async function kept() {
  const database = await testDatabase();
  const { sql, url } = database;
  await setClock(sql, today);
  await keep(sql, 0);
  await insert(sql, Array.from({ length: 10 }, (_, n) => tick(today - n * DAY)));
  await tidyUp(sql);
  const retention = async (args: string[], env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...taskArguments(readTasks(), "retention"), ...args],
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { DB_URL: url, ...env },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, said: text(stdout), complained: text(stderr) };
  };
  const keeps = async () =>
    (await sql`select keep::text from websocket.retention where table_name = 'order_book_data'`)[0].keep;
  const ticks = async () => (await sql`select from websocket.order_book_data`).length;
  return { database, retention, keeps, ticks, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

Deno.test("retention: wrong arguments change nothing, and the error says what is right", async () => {
  await using there = await kept();
  for (
    const [args, words] of [
      [["order_book_data"], /Cannot tell what order_book_data is to keep. Example: order_book_data 30d/],
      [["order_book_data", "30"], /Cannot have order_book_data keep 30: it must be a number of days from 1d/],
      [["order_book_data", "0d", "--yes"], /keep 0d: it must be/],
      [["order_book_data", "5d", "order_book_data", "1d", "--yes"], /order_book_data .*: it is named twice/],
      [
        ["orders", "30d", "--yes"],
        /Cannot find the table orders: there are .*gap_data, kline_data, /,
      ],
      [["kline_data", "30d", "--yes"], /Cannot keep that: kline_data keeps all/],
      [
        ["order_book_1s", "5d", "--yes"],
        /order_book_1s must be kept for as long as .*Add: order_book_1s all/,
      ],
      [["--force"], /Unknown option '--force'/],
    ] as const
  ) {
    const { code, complained } = await there.retention([...args]);
    assert.equal(code, 1, args.join(" "));
    assert.match(complained, words);
  }
  assert.equal(await there.keeps(), null);
});

Deno.test("retention: without --yes it says what would be dropped, and changes nothing", async () => {
  await using there = await kept();
  const { code, said, complained } = await there.retention(["order_book_data", "3d"]);
  assert.equal(code, 1);
  assert.match(
    said,
    /^order_book_data: 3 days instead of all\n {2}would drop 6 days, 2127-08-01 to 2127-08-06: about \d+ rows, \d.*B\n$/,
  );
  assert.match(complained, /^Nothing is changed. To change it, say the same with --yes.$/m);
  await tidyUp(there.database.sql);
  assert.deepEqual([await there.keeps(), await there.ticks()], [null, 10]);
});

Deno.test("retention: rows whose day has no partition are counted too, and a database with another date style is read correctly", async () => {
  await using there = await kept();
  const { sql, config } = there.database;
  await sql`alter table websocket.order_book_data detach partition websocket.order_book_data_21270804`;
  await insert(sql, [tick(today - 6 * DAY), tick(today - 6 * DAY + 1)]);
  await sql.unsafe(`alter database ${config.name} set datestyle = 'German'`);
  const { said } = await there.retention(["order_book_data", "3d"]);
  assert.match(
    said,
    /would drop 5 days, 2127-08-01 to 2127-08-06: .*, and 2 rows whose day has no partition$/m,
  );
});

Deno.test("retention: with --yes older days are dropped at the next rounds, and no more than was shown", async () => {
  await using there = await kept();
  const { code, said } = await there.retention(["order_book_data", "3d", "--yes"]);
  assert.equal(code, 0);
  assert.match(said, /drops 6 days, 2127-08-01 to 2127-08-06/);
  assert.deepEqual([await there.keeps(), await there.ticks()], ["3 days", 10]);
  await tidyUp(there.database.sql);
  assert.equal(await there.ticks(), 4);
});

Deno.test("retention: without arguments it shows what each table keeps, and how much that is", async () => {
  await using there = await kept();
  const { code, said } = await there.retention([]);
  assert.equal(code, 0);
  assert.match(said, /^order_book_data +keeps all +holds 10 days, 2127-08-01 to 2127-08-10: about \d+ rows/m);
  assert.match(said, /^kline_data +keeps all +holds about 0 rows/m);
  for (const { message } of await listStreams()) {
    // Intervals of coverage are kept as long as the rows of their stream.
    const isListed = message.topic !== "coverage_data";
    assert.equal(new RegExp(`^${message.topic} +keeps `, "m").test(said), isListed, message.topic);
  }
});

Deno.test("retention: if the newest row is old, it says that nothing is dropped before there are new ones", async () => {
  await using there = await kept();
  await setClock(there.database.sql, today + 9 * DAY);
  const { said } = await there.retention(["order_book_data", "3d"]);
  assert.match(said, /would drop 6 days.*, but not before it has rows of today or yesterday/);
});

Deno.test("retention: the workers' role may look, and is refused a change with the reason", async () => {
  await using there = await kept();
  const passwords = { bookline_writer: crypto.randomUUID(), grafana_reader: crypto.randomUUID() };
  await makeRoles(there.database.sql, schema, passwords, silent);
  const env = { DB_USER: "bookline_writer", DB_PASSWORD: passwords.bookline_writer };
  assert.equal((await there.retention([], env)).code, 0);
  const { code, complained } = await there.retention(["order_book_data", "3d", "--yes"], env);
  assert.equal(code, 1);
  assert.match(complained, /permission denied.*Only the owner of the tables may change what they keep/);
  assert.equal(await there.keeps(), null);
});
