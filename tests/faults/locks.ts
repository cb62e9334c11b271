import type { Stage } from "./stage.ts";

/** The tables that the exchange's streams fill. */
export const tables = ["websocket.order_book_data", "websocket.kline_data"];

/** Holds what every write of a row needs; returns what lets it go. */
export async function lockTables({ sql }: Pick<Stage, "sql">): Promise<() => Promise<void>> {
  const connection = await sql.reserve();
  await connection.unsafe(
    `begin; ${tables.map((table) => `lock table ${table} in exclusive mode;`).join("")}`,
  );
  return async () => {
    await connection`commit`;
    connection.release();
  };
}
