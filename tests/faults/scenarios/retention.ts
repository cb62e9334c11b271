import { makeRoles } from "../../../migrations/roles.ts";
import { silent } from "../../silent.ts";
import { connect, type Sql } from "../../../shared/postgres/mod.ts";
import { DAY, insert, tick } from "../../ticks.ts";
import { until } from "../../until.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";
import { runTask } from "../task.ts";
import { schema } from "../../stack.ts";

const KEPT_DAYS = 30;
/** Rows that the exchange did not send. They are removed before the tables are compared. */
const MARK = "KEPT";

/** What the workers' role tries; each must be refused. */
const attempts = [
  "select websocket.drop_some('order_book_data', 'transaction_time')",
  "select websocket.end_move('order_book_data')",
  "update websocket.retention set keep = interval '1 day'",
  "update websocket.order_book_data set transaction_time = 'epoch'",
  "delete from websocket.order_book_data",
  "truncate websocket.order_book_data",
  "drop table websocket.order_book_data_default",
  "create or replace function websocket.now() returns timestamptz language sql return '2999-01-01'::timestamptz",
];

export const retentionAttacked: Scenario = {
  name: "retention attacked",
  promise:
    "no day that is kept is dropped by a worker's environment, a clock ahead, a row dated ahead or the workers' role",
  gaps: "none",
  seconds: { short: 60, long: 150 },
  async run(stage, form) {
    const { sql, settings, problems } = stage;
    await keepDays(stage);
    const rounds = { short: 1, long: 5 }[form];
    let injected = 0;
    for (let round = 0; round < rounds; round++) {
      for (const attack of [hostileConsumer, clockAhead, rowAhead, workersRole]) {
        injected += await attack(stage);
        const kept = await keptDays(sql);
        if (kept !== KEPT_DAYS) problems.push(`${kept} of ${KEPT_DAYS} days are there after ${attack.name}`);
      }
    }
    // The owner's word drops.
    await runTask("retention", settings, "order_book_data", "7d", "--yes");
    await tidyUntil(sql, async () => await keptDays(sql) === 7);
    await sql`delete from websocket.order_book_data where symbol = ${MARK}`;
    return { injected, recovery: await recovery(stage, Date.now()) };
  },
};

/** Has a tick on each day kept, as the owner says it. */
async function keepDays({ sql, settings }: Stage): Promise<void> {
  await runTask("retention", settings, "order_book_data", `${KEPT_DAYS}d`, "--yes");
  const now = Date.now();
  await insert(
    sql,
    Array.from({ length: KEPT_DAYS }, (_, n) => tick(now - (n + 1) * DAY, { symbol: MARK, updateId: n + 1 })),
  );
}

const keptDays = async (sql: Sql): Promise<number> =>
  (await sql`
    select count(*)::int as days from websocket.order_book_data
    where symbol = ${MARK} and transaction_time < now()`)[0].days;

/**
 * Runs rounds of the job, as another worker does, until one returns the given words. `owner`: on a busy machine steps do not get their locks
 * in time, and pause for longer each time; the owner's role ends the pauses.
 */
async function tidyUntil(
  owner: Sql,
  isSaid: (answer: Record<string, string | null>) => boolean | Promise<boolean>,
  sql = owner,
): Promise<void> {
  await until("tidy_up to answer", async () => {
    await owner`delete from websocket.postponed`;
    return await isSaid((await sql`select * from websocket.tidy_up()`)[0]);
  }, LIMIT_MS);
}

const isDone = ({ done }: Record<string, string | null>) => done === null;

/** A consumer whose environment wants a day kept, as the table's owner. */
async function hostileConsumer({ workers, sql }: Stage): Promise<number> {
  const worker = workers.start("book:consume", { BOOK_RETENTION_DAYS: "1", ROLLUP_RETENTION_DAYS: "1" });
  await worker.says(/BOOK_RETENTION_DAYS has no effect/, LIMIT_MS);
  await worker.says(/joined the group/, LIMIT_MS);
  await tidyUntil(sql, isDone);
  await workers.drain([worker]);
  return 1;
}

/** A database's clock that is a month ahead for one round, while a consumer starts. */
async function clockAhead({ workers, sql }: Stage): Promise<number> {
  const setClock = (ahead: string) =>
    sql.unsafe(`create or replace function websocket.now() returns timestamptz language sql stable
      return pg_catalog.now() + interval '${ahead}'`);
  await setClock("30 days");
  const worker = workers.start("book:consume");
  await worker.says(/joined the group/, LIMIT_MS);
  await tidyUntil(
    sql,
    ({ done, warning }) => done === null && /no day of order_book_data is dropped/.test(warning ?? ""),
  );
  await setClock("0");
  await workers.drain([worker]);
  return 1;
}

async function rowAhead({ sql }: Stage): Promise<number> {
  const now = Date.now();
  await insert(sql, [tick(now + 40 * DAY, { symbol: MARK, updateId: now })]);
  await tidyUntil(sql, isDone);
  return 1;
}

async function workersRole({ config, sql, problems }: Stage): Promise<number> {
  const password = crypto.randomUUID();
  await makeRoles(sql, schema, { bookline_writer: password, grafana_reader: password }, silent);
  const writer = connect({ ...config.database, user: "bookline_writer", password }, silent);
  let refused = 0;
  for (const attempt of attempts) {
    await writer.unsafe(attempt).then(
      () => problems.push(`bookline_writer may: ${attempt}`),
      ({ code, message }) => code === "42501" ? refused++ : problems.push(`${attempt}: ${message}`),
    );
  }
  await tidyUntil(sql, isDone, writer);
  await writer.end({ timeout: 5 });
  return refused;
}
