import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { untilRolledUp } from "../jobs.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS } from "../stage.ts";

/** The rollup is current again so soon after a lock's end, in ms. */
const CURRENT_MS = 10_000;

export const tablesPublished: Scenario = {
  name: "tables published, columns added",
  promise: "a publication of all tables, and columns that a user adds to the rollup's tables, stop no job",
  gaps: "none",
  seconds: { short: 20, long: 45 },
  async run({ sql }, form) {
    await sql`create publication everything for all tables`;
    await sql`alter table websocket.order_book_1s add column note text not null default 'mine'`;
    await sql`alter table websocket.order_book_1m add column note text not null default 'mine'`;
    await sleep({ short: 1_000, long: 30_000 }[form]);
    const [{ injected }] = await sql`
      select (select count(*) from pg_publication)::int + (
        select count(*)::int from information_schema.columns
        where table_schema = 'websocket' and table_name in ('order_book_1s', 'order_book_1m') and column_name = 'note'
      ) as injected`;
    return { injected, recovery: await untilRolledUp({ sql }) };
  },
};

export const rollupLocked: Scenario = {
  name: "rollup locked",
  promise: "after a lock that it waited for the rollup continues without a pause, and is current within 10 s",
  gaps: "none",
  seconds: { short: 30, long: 80 },
  async run({ sql, problems }, form) {
    const waits = await sql.begin(async (holder) => {
      await holder`lock table websocket.order_book_1s in exclusive mode`;
      await until("the rollup to wait", async () => {
        const waiting = await sql`
          select from pg_locks where not granted and relation = 'websocket.order_book_1s'::regclass`;
        return waiting.length > 0;
      }, LIMIT_MS);
      await sleep({ short: 12_000, long: 60_000 }[form]);
      return 1;
    });
    const recovery = await untilRolledUp({ sql });
    if (recovery > CURRENT_MS) {
      problems.push(`the rollup was current ${Math.round(recovery)} ms after the lock's end`);
    }
    return { injected: waits, recovery };
  },
};
