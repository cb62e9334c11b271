import type { Sql } from "../../shared/postgres/mod.ts";
import { transact } from "../../shared/postgres/transaction.ts";
import type { SinkLosses } from "../sink.ts";

/** A value as JSON, in a statement's text. */
const json = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", "''")}'::jsonb`;

/** Keeps what Kafka lost of a stream in the tables of a schema; each function fails as `transact` does. */
export function createSinkLosses(sql: Sql, schema: string, stream: string): SinkLosses {
  return {
    async storedTo() {
      const rows = await transact(
        sql,
        `select partition, times from ${schema}.stored_to where stream = '${stream}'`,
      );
      return new Map(rows.map(({ partition, times }) => [Number(partition), timesOf(times)]));
    },
    async open() {
      const rows = await transact(
        sql,
        `select symbol, round(extract(epoch from lost_from) * 1000)::float8 as since
        from ${schema}.kafka_losses where stream = '${stream}' and lost_to is null`,
      );
      return rows.map(({ symbol, since }) => ({ symbol: String(symbol), from: Number(since) }));
    },
    async noteStored(partition, times) {
      await transact(sql, `select ${schema}.note_stored('${stream}', ${partition}, ${json(times)})`);
    },
    async begin(partition, reason, times) {
      const given = times ? json(times) : "null";
      await transact(sql, `select ${schema}.begin_losses('${stream}', ${partition}, '${reason}', ${given})`);
    },
    async end(times) {
      await transact(sql, `select ${schema}.end_losses('${stream}', ${json(times)})`);
    },
  };
}

function timesOf(value: unknown): Record<string, number> {
  return typeof value === "string" ? JSON.parse(value) : value as Record<string, number>;
}
