import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { untilCovered, untilRead, untilReadOnce, watchOpenGaps } from "../coverage.ts";
import { lockTables, tables } from "../locks.ts";
import type { Form, Outcome, Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";

const tasks = ["book:consume", "kline:consume"];

export const postgresKilled: Scenario = {
  name: "Postgres killed",
  promise:
    "while Postgres is down messages wait in Kafka, all are stored when it is back, and no gap is open meanwhile",
  gaps: "none",
  seconds: { short: 60, long: 180 },
  async run(stage, form) {
    const { postgres } = stage.servers;
    await untilReadOnce(stage);
    await using _ = watchOpenGaps(stage);
    await postgres.kill();
    await sleep({ short: 15_000, long: 120_000 }[form]);
    await postgres.restart();
    const took = await recovery(stage, Date.now());
    await untilCovered(stage, 1);
    await untilRead(stage);
    return { injected: 1, recovery: took };
  },
};

export const diskFull: Scenario = {
  name: "disk full",
  promise: "while the disk is full (53100) the consumer waits, and no good row becomes a dead letter",
  gaps: "none",
  seconds: { short: 20, long: 50 },
  run: (stage, form) =>
    whileTroubled(stage, form, async (sql) => {
      await sql.unsafe(`
        create function public.fill_disk() returns trigger language plpgsql as
          $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
        ${
        tables.map((table) =>
          `create trigger full_disk before insert on ${table} for each row
          execute function public.fill_disk();`
        ).join("")
      }`);
      return async () => void await sql`drop function public.fill_disk() cascade`;
    }),
};

export const lockTimeout: Scenario = {
  name: "lock timeout",
  promise: "after lock timeouts (55P03) the consumer retries, and no good row becomes a dead letter",
  gaps: "none",
  seconds: { short: 20, long: 50 },
  run: (stage, form) =>
    whileTroubled(stage, form, async (sql) => {
      await sql.unsafe(`alter database ${stage.config.database.name} set lock_timeout = '300ms'`);
      // The setting is that of new sessions.
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`;
      return await lockTables(stage);
    }),
};

export const rowsLocked: Scenario = {
  name: "rows locked",
  promise:
    "a consumer waits for a lock that is held for longer than a group's session, and stays in its group",
  gaps: "none",
  seconds: { short: 30, long: 140 },
  async run(stage, form) {
    const { workers, problems } = stage;
    const joins = () =>
      tasks.flatMap((task) => workers.of(task).flatMap(({ lines }) => lines))
        .filter((line) => line.includes("consume: joined the group")).length;
    const before = joins();
    const unlock = await lockTables(stage);
    await sleep({ short: 15_000, long: 120_000 }[form]);
    await unlock();
    const took = await recovery(stage, Date.now());
    if (joins() !== before) problems.push("a consumer lost its membership while it waited for a lock");
    return { injected: 1, recovery: took };
  },
};

/** Makes trouble for a while, in which both consumers must say that they wait. */
async function whileTroubled(
  stage: Stage,
  form: Form,
  trouble: (sql: Stage["sql"]) => Promise<() => Promise<void>>,
): Promise<Outcome> {
  const { sql, workers } = stage;
  const end = await trouble(sql);
  for (const task of tasks) {
    await until(`${task} to wait for the database`, async () => {
      return (await workers.of(task)[0]?.report())?.status === "waiting";
    }, LIMIT_MS);
  }
  await sleep({ short: 5_000, long: 30_000 }[form]);
  await end();
  return { injected: 1, recovery: await recovery(stage, Date.now()) };
}
