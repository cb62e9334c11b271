import { sleep } from "../../../shared/wait.ts";
import type { Reply } from "../http.ts";
import type { Tally } from "../tally.ts";

/** What goes wrong with REST. Times in ms. */
export type RestFault =
  | { readonly fault: "rest"; readonly does: "down" | "lie"; readonly ms?: number }
  | { readonly fault: "rest"; readonly does: "slow"; readonly delay: number; readonly ms?: number }
  | {
    readonly fault: "lack";
    readonly kind: "klines" | "aggTrades";
    readonly symbol?: string;
    readonly from: number;
    readonly to: number;
  };

/** Makes REST fail as ordered. */
export interface RestFaults {
  order(fault: RestFault): void;
  clear(): void;
  /**
   * Waits as long as a request has to.
   * @throws {Error} if it gets no answer
   */
  admit(): Promise<void>;
  /** The answer as the client gets it; `kind` is the name of its path. */
  pass(kind: string, query: URLSearchParams, reply: Reply): Reply;
}

/** Each fault that comes to bear is added to `done`: `rest down`, `rest slow`, `rest lie`, `lack`. */
export function createRestFaults(done: Tally): RestFaults {
  let orders: (RestFault & { endsAt: number })[] = [];
  const current = () => orders = orders.filter(({ endsAt }) => performance.now() < endsAt);

  return {
    order: (fault) =>
      void orders.push({
        ...fault,
        endsAt: performance.now() + ("ms" in fault && fault.ms !== undefined ? fault.ms : Infinity),
      }),
    clear: () => orders = [],
    async admit() {
      for (const order of current()) {
        if (order.fault !== "rest" || order.does === "lie") continue;
        done.add(`rest ${order.does}`);
        if (!("delay" in order)) throw new Error("the connection breaks off");
        await sleep(order.delay);
      }
    },
    pass(kind, query, reply) {
      if (orders.length === 0 || reply.status !== 200 || !Array.isArray(reply.body)) return reply;
      let rows: readonly unknown[] = reply.body;
      for (const order of current()) {
        if (order.fault === "lack" && order.kind === kind && isMeant(order, query)) {
          const left = rows.filter((row) => timeOf(row) < order.from || timeOf(row) >= order.to);
          if (left.length < rows.length) done.add("lack");
          rows = left;
        } else if (order.fault === "rest" && order.does === "lie" && rows.length > 0) {
          done.add("rest lie");
          rows = [...rows.slice(0, -1), lieOf(rows.at(-1))];
        }
      }
      return { ...reply, body: rows };
    },
  };
}

function isMeant({ symbol }: { symbol?: string }, query: URLSearchParams): boolean {
  return symbol === undefined || symbol === query.get("symbol");
}

/** The open time of a candle's row, or a trade's time, in ms since the epoch. */
function timeOf(row: unknown): number {
  return Array.isArray(row) ? row[0] : (row as { T: number }).T;
}

/** The row with a volume, or a quantity, that is no number. */
function lieOf(row: unknown): unknown {
  return Array.isArray(row) ? row.with(5, "lie") : { ...(row as object), q: "lie" };
}
