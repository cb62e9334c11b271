import { type PanelJson, readPanels } from "../grafana/json.ts";
import { dashboard } from "../grafana/dashboard.ts";
import { expand, type View } from "../grafana/macros.ts";
import type { PostgresQuery } from "../grafana/query.ts";
import { migrate } from "../migrations/run.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { silent } from "./silent.ts";
import { schema } from "./stack.ts";
import { store, tick } from "./ticks.ts";

export type Row = Record<string, unknown>;

export const panels = await readPanels();

export const HOUR = 3_600_000;
export const noon = Date.parse("2024-08-08T12:00:00Z");
export const lastHour: View = {
  from: new Date(noon - HOUR),
  to: new Date(noon),
  points: 300,
  variables: chosen(["BTCUSDT", "ETHUSDT"]),
};

/** The dashboard's variables with these symbols chosen; `interval` is the width of candles. */
export function chosen(symbol: string[], interval = "1m"): View["variables"] {
  return { symbol, largest: symbol.slice(0, 12), interval };
}

/** The variables for a panel: a panel that is repeated has one symbol. */
export const variablesOf = ({ repeat }: PanelJson, { variables }: View): View["variables"] =>
  repeat ? { ...variables, largest: variables.largest.slice(0, 1) } : variables;

/** A panel's rows, as the role that Grafana has sees them. */
export function rowsOf(sql: Sql, { rawSql }: PostgresQuery, view: View, timezone = "UTC"): Promise<Row[]> {
  return sql.begin("read only", async (transaction) => {
    await transaction`set local role grafana_reader`;
    await transaction`set local statement_timeout = '5s'`;
    await transaction`select set_config('timezone', ${timezone}, true)`;
    return [...await transaction.unsafe(expand(rawSql, view))];
  });
}

/** Makes the role that Grafana has, with the rights that `migrate` gives it. */
export async function createReader(sql: Sql): Promise<void> {
  await sql.unsafe(
    `do $$ begin create role grafana_reader; exception when duplicate_object or unique_violation then null; end $$`,
  );
  await migrate(sql, schema, silent);
}

/** The query of the bands that mark gaps. */
export const annotation = dashboard().annotations!.list![0].target as unknown as PostgresQuery;

/** The only query of the panel of that title. */
export function queryOf(title: string, refId = "A"): PostgresQuery {
  const targets = panels.find((panel) => panel.title === title)!.targets;
  return targets.find((target) => target.refId === refId)!;
}

/** Stores a candle of a minute whose prices follow from its close. */
export async function candle(
  sql: Sql,
  symbol: string,
  openTime: string,
  close: number,
  isClosed = true,
): Promise<void> {
  await sql`
    insert into websocket.kline_data
    select ${symbol}, '1m', open_time, open_time + interval '59.999 s', ${close}::numeric - 1, ${close}::numeric + 2,
      ${close}::numeric - 3, ${close}::numeric, 0.5, 100, 0.25, 50, 7, 1, 7, ${isClosed}, open_time + interval '1 minute',
      open_time + interval '1 minute'
    from cast(${openTime} as timestamptz) as open_time`;
}

/** Two symbols around noon of a day: small enough to compute every panel's numbers by hand. */
export async function smallMarket(sql: Sql): Promise<void> {
  await createReader(sql);
  await candle(sql, "BTCUSDT", "2024-08-07T11:59:00Z", 50);
  await candle(sql, "BTCUSDT", "2024-08-08T10:59:00Z", 80);
  for (let minute = 0; minute <= 58; minute++) {
    if (minute === 30 || minute === 31) continue;
    await candle(sql, "BTCUSDT", new Date(noon - HOUR + minute * 60_000).toISOString(), 100);
  }
  await candle(sql, "BTCUSDT", "2024-08-08T11:59:00Z", 120, false);
  await candle(sql, "ETHUSDT", "2024-08-08T11:59:00Z", 10);
  const quote = (at: string, bid: string, ask: string, bidQty: string, askQty: string, symbol = "BTCUSDT") =>
    tick(at, { symbol, bidPrice: bid, askPrice: ask, bidQty, askQty });
  await store(sql, [
    quote("2024-08-08T11:58:00.100Z", "99.5", "100.5", "3", "1"),
    quote("2024-08-08T11:58:00.200Z", "99", "101", "1", "1"),
    quote("2024-08-08T11:59:00.000Z", "109.5", "110.5", "1", "3"),
    quote("2024-08-08T11:59:00.000Z", "10", "10", "0", "0", "ETHUSDT"),
  ]);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  await tradeBars(sql);
  await audits(sql);
  await coverage(sql);
}

/** A day of candles that all equal their trades, as far as judged, and one with two that differ. */
async function audits(sql: Sql): Promise<void> {
  for (const [symbol, equal, differs] of [["BTCUSDT", 700, 0], ["ETHUSDT", 690, 2]] as const) {
    await sql`
      insert into websocket.audit_days (symbol, interval, day, expected, present, judged, equal_exchange, equal_trades, edge, differs, repaired,
        absent, judged_exchange, judged_trades, in_gap, without_trades, waiting, counted_at)
      values (${symbol}, '1m', '2024-08-08', 720, 718, 701, 0, ${equal}, 1, ${differs}, 0, 0, 0, 701, 10, 5, 2, now())`;
  }
}

/** Two minutes with trades of BTCUSDT: the first of 10 and 6 of them bought, the second of 5, all sold. */
async function tradeBars(sql: Sql): Promise<void> {
  for (const [table, at] of [["trade_1s", "second"], ["trade_1m", "minute"]]) {
    await sql`
      insert into websocket.${sql(table)} (symbol, ${
      sql(at)
    }, num_trades, open, high, low, close, volume, quote_volume,
        taker_buy_base_volume, taker_buy_quote_volume)
      values ('BTCUSDT', '2024-08-08T11:57Z', 30, 100, 100, 100, 100, 10, 1000, 6, 600),
        ('BTCUSDT', '2024-08-08T11:59Z', 60, 100, 100, 100, 100, 5, 500, 0, 0)`;
  }
}

/** What was covered of the two symbols' feeds between 10:00 and 12:00, the gaps of it, and a gap of the first version. */
async function coverage(sql: Sql): Promise<void> {
  const [from, to] = ["2024-08-08T10:00Z", "2024-08-08T12:00Z"];
  const [book, candles] = ["BTCUSDT", "ETHUSDT"].map((symbol) => ({
    symbol,
    stream: symbol === "BTCUSDT" ? "book" : "kline",
    feed: symbol === "BTCUSDT" ? "btcusdt@bookTicker" : "ethusdt@kline_1m",
  }));
  for (const { symbol, stream, feed } of [book, candles]) {
    await sql`
      insert into websocket.coverage_data
        (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
      values ('s', 's', ${stream}, ${feed}, ${symbol}, ${from}, ${to}, 'stopped', 1)`;
  }
  const gaps = [
    [book, "2024-08-08T09:00Z", "2024-08-08T11:00:05Z", "lost connection", null, "lost"],
    [book, "2024-08-08T11:15Z", "2024-08-08T11:45:00Z", "mute", null, "unknown"],
    [candles, "2024-08-08T11:30Z", "2024-08-08T11:30:02Z", "buffer overflow", 12, "unrepaired"],
    [candles, "2024-08-08T11:40Z", "2024-08-08T11:50:00Z", "mute", null, "repaired"],
    [candles, "2024-08-08T11:54Z", null, "no heartbeat", null, "open"],
    [candles, "2024-08-08T09:00Z", "2024-08-08T09:30:00Z", "restart", null, "unrepaired"],
  ] as const;
  for (const [{ symbol, stream, feed }, since, until, reason, dropped, state] of gaps) {
    await sql`
      insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, dropped, state)
      values (${stream}, ${feed}, ${symbol}, ${since}, ${until}, ${reason}, ${dropped}, ${state})`;
  }
}
