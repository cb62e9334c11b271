import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { tables } from "../locks.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";

/** A change of both tables after which they accept no row, and how it is repaired. */
interface Fault {
  readonly alter: (table: string) => string;
  readonly repair: (table: string) => string;
  /** What the consumers must say. */
  readonly words: RegExp;
}

const faults: readonly Fault[] = [
  {
    alter: (table) =>
      `create trigger refuse before insert on ${table} for each row execute function public.refuse_all();`,
    repair: (table) => `drop trigger refuse on ${table};`,
    words: /rows are refused.*not on Sundays/,
  },
  {
    alter: (table) =>
      `alter table ${table} add column mine text not null default ''; alter table ${table} alter mine drop default;`,
    repair: (table) => `alter table ${table} drop column mine;`,
    words: /the column mine, which is not Bookline's, is NOT NULL and has no default/,
  },
];

export const tablesAltered: Scenario = {
  name: "tables altered",
  promise:
    "columns, constraints and triggers that a user adds make no good row a dead letter, and all rows are stored after the repair",
  gaps: "none",
  seconds: { short: 25, long: 110 },
  async run(stage, form) {
    const { sql, problems } = stage;
    // These accept every row, so nothing need be reported.
    await sql.unsafe(
      tables.map((table) =>
        `alter table ${table} add column n bigserial, add column note text not null default 'mine';`
      )
        .join(""),
    );
    let longest = await recovery(stage, Date.now());
    for (const table of tables) {
      const [{ filled }] = await sql.unsafe(
        `select count(*)::int as filled from ${table} where note = 'mine'`,
      );
      if (filled === 0) {
        problems.push(`nothing was stored in ${table} while it had columns of somebody's own`);
      }
    }

    await sql.unsafe(`
      create function public.refuse_all() returns trigger language plpgsql
      as $$ begin raise 'not on Sundays' using errcode = '22003'; end $$`);
    for (const fault of faults) {
      longest = Math.max(longest, await play(stage, fault, { short: 3_000, long: 20_000 }[form]));
    }
    return { injected: 1 + faults.length, recovery: longest };
  },
};

/** Alters both tables for a while in which both consumers must be stuck and say why; returns how long the recovery took, in ms. */
async function play(stage: Stage, { alter, repair, words }: Fault, ms: number): Promise<number> {
  const { sql, workers } = stage;
  await sql.unsafe(tables.map(alter).join(""));
  for (const task of ["book:consume", "kline:consume"]) {
    await until(`${task} to be stuck by ${words}`, async () => {
      const report = await workers.of(task)[0]?.report();
      return report?.status === "stuck" && words.test(report.stuck!);
    }, LIMIT_MS);
  }
  await sleep(ms);
  await sql.unsafe(tables.map(repair).join(""));
  return await recovery(stage, Date.now());
}
