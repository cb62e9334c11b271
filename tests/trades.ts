import { createSink } from "../consumers/postgres/sink.ts";
import { type Trade, trade as stream } from "../shared/streams/trade.ts";
import { silent } from "./silent.ts";
import { testDatabase } from "./stack.ts";
import { setClock } from "./ticks.ts";

/** A trade of that time (ISO, or ms since the epoch) and id; the exchange sends it 155 ms later. */
export function tradeOf(aggTradeId: number, at: string | number, fields: Partial<Trade> = {}): Trade {
  const tradeTime = new Date(at).getTime();
  return {
    symbol: "BTCUSDT",
    aggTradeId,
    price: "61800.20",
    qty: "2.507",
    normalQty: "2.500",
    firstTradeId: aggTradeId * 2,
    lastTradeId: aggTradeId * 2 + 1,
    tradeTime,
    isBuyerMaker: false,
    eventTime: tradeTime + 155,
    receivedAt: tradeTime + 180,
    ...fields,
  };
}

/** A jump of ids as the gap ledger has it. */
export interface Jump {
  readonly symbol: string;
  readonly first: number;
  readonly last: number;
  readonly missing: number;
}

/** A database, with ways to store trades as the consumer does, and to run its jobs. */
export async function tradeDatabase() {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const { sql } = database;
  const sink = parts.use(createSink(stream, database.config, silent));
  await sink.open();
  /** Brings the bars and the runs of ids up to date without waiting for seconds to settle. */
  const refresh = async () => {
    while ((await sql`select websocket.refresh_rollup('trade_data', '0') as seconds`)[0].seconds > 0);
  };
  /** Brings the gap ledger up to date; returns in words what was found. */
  const check = async (): Promise<string[]> => {
    const found: string[] = [];
    for (;;) {
      const [{ done }] = await sql`select * from websocket.check_trade_ids()`;
      if (done === null) return found;
      found.push(done);
    }
  };
  const kept = parts.move();
  return {
    ...{ database, sql, refresh, check },
    async store(...trades: Trade[]) {
      const refused = await sink.write(() => trades);
      if (refused.length > 0) throw new Error(refused[0].cause);
    },
    clock: (at: string | number) => setClock(sql, at),
    /** Refreshes at that time, and checks the ids at another, when what was noticed at the first is told. */
    async settle(at: string | number) {
      const time = new Date(at).getTime();
      await setClock(sql, time);
      await refresh();
      await setClock(sql, time + 10_000);
      await check();
    },
    /** The gaps that are jumps of ids, in the order of their ids. */
    async jumps(): Promise<Jump[]> {
      const rows = await sql<Jump[]>`
        select symbol, first_id::float8 as first, last_id::float8 as last, missing::float8 as missing from websocket.gap_data
        where stream = 'trade' and cause = 'ids' order by symbol, first_id`;
      return rows.map((row) => ({ ...row }));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
