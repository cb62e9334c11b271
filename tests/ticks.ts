import type { Sql, TransactionSql } from "../shared/postgres/mod.ts";
import { statementsOf } from "../consumers/postgres/statements.ts";
import { type Book, book } from "../shared/streams/book.ts";
import { schema } from "./stack.ts";

export const DAY = 86_400_000;

/** A book message of that time (ISO, or ms since the epoch); its id follows from the time unless given. */
export function tick(at: string | number, fields: Partial<Book> = {}): Book {
  const transactionTime = new Date(at).getTime();
  return {
    symbol: "BTCUSDT",
    updateId: transactionTime,
    bidPrice: "61800.20",
    bidQty: "2.507",
    askPrice: "61800.30",
    askQty: "2.510",
    eventTime: transactionTime + 1,
    transactionTime,
    receivedAt: transactionTime + 31,
    ...fields,
  };
}

/** Stores ticks as the consumer does: the rows, and in their transaction what the stream wants written beside them. */
export async function store(sql: Sql, ticks: readonly Book[]): Promise<void> {
  await sql.begin(async (transaction) => {
    await insert(transaction, ticks);
    const seconds = ticks.map(({ transactionTime }) => Math.floor(transactionTime / 1_000));
    await transaction.unsafe(statementsOf(book, schema).mark(new Set(seconds)));
  });
}

/** Inserts the rows alone. */
export async function insert(sql: Sql | TransactionSql, ticks: readonly Book[]): Promise<void> {
  await sql`
    insert into websocket.order_book_data
      (symbol, update_id, transaction_time, event_time, received_at, bid_price, bid_qty, ask_price, ask_qty)
    select symbol, "updateId", to_timestamp("transactionTime" / 1000.0), to_timestamp("eventTime" / 1000.0),
      to_timestamp("receivedAt" / 1000.0), "bidPrice", "bidQty", "askPrice", "askQty"
    from jsonb_to_recordset(${sql.json([...ticks])}) as tick (
      symbol text, "updateId" bigint, "transactionTime" numeric, "eventTime" numeric, "receivedAt" numeric,
      "bidPrice" numeric, "bidQty" numeric, "askPrice" numeric, "askQty" numeric
    )
    on conflict do nothing`;
}

/** Stops the database's clock at that time, for Bookline's functions. */
export async function setClock(sql: Sql, at: string | number): Promise<void> {
  const time = new Date(at).toISOString();
  await sql.unsafe(
    `create or replace function websocket.now() returns timestamptz language sql stable return '${time}'::timestamptz`,
  );
}

/** Where the ticks lie: the names of the partitions that have any, and how many each has. */
export async function whereabouts(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ partition: string; ticks: number }[]>`
    select relname as partition, count(*)::int as ticks
    from websocket.order_book_data join pg_class on pg_class.oid = order_book_data.tableoid
    group by relname order by relname`;
  return Object.fromEntries(rows.map(({ partition, ticks }) => [partition, ticks]));
}

/** The days that a table has partitions of: `20260801`. */
export async function partitionDays(sql: Sql, table = "order_book_data"): Promise<string[]> {
  const rows = await sql`
    select to_char(day, 'YYYYMMDD') as day from websocket.partition_days(${table}) as day order by 1`;
  return rows.map(({ day }) => day);
}

/** Has the ticks and their summaries kept for so many days, 0 for all, as the owner of the tables may. */
export async function keep(sql: Sql, days: number, rollupDays = 0): Promise<void> {
  await sql`
    update websocket.retention
    set keep = make_interval(days => nullif(case when source is null then ${days}::int else ${rollupDays}::int end, 0))
    from websocket.daily_tables where parent = table_name`;
}

/** Makes partitions and drops old ones, as workers do, until nothing is left to do; returns what was done, in words. */
export async function tidyUp(sql: Sql): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const [{ done, failure }] = await sql`select * from websocket.tidy_up()`;
    if (failure) throw new Error(failure);
    if (!done) return all;
    all.push(done);
  }
}

/** Lets all postponed steps be attempted again. */
export const retry = (sql: Sql) => sql`update websocket.postponed set retry_at = '-infinity'`;
