import type { Result } from "../scenario.ts";
import { faultCounts } from "../judge/verdict.ts";
import type { Memory } from "./growth.ts";

/** What is known of a fault after all the times that it was injected, as `--json` prints it. */
export interface Row {
  readonly name: string;
  readonly injected: number;
  readonly sent: number;
  readonly stored: number;
  readonly gaps: number;
  readonly dead: number;
  readonly lost: number;
  readonly untold: number;
  readonly doubled: number;
  readonly wrong: number;
  readonly overclaimed: number;
  readonly longest_recovery_s: number;
}

/** One row a fault, in the order in which they first came. */
export function rowsOf(results: readonly Result[]): Row[] {
  return [...Map.groupBy(results, ({ name }) => name)].map(([name, some]) => {
    const total = (count: (result: Result) => number) => some.reduce((sum, result) => sum + count(result), 0);
    return {
      name,
      injected: total(({ injected }) => injected),
      sent: total(({ verdict }) => verdict.sent),
      stored: total(({ verdict }) => verdict.stored),
      gaps: total(({ verdict }) => verdict.inGaps),
      dead: total(({ dead }) => dead),
      lost: total(({ verdict }) => verdict.lost),
      untold: total(({ verdict }) => verdict.untold),
      doubled: total(({ verdict }) => verdict.doubled),
      wrong: total(({ verdict }) => verdict.wrong),
      overclaimed: total(({ verdict }) => verdict.overclaimed),
      longest_recovery_s: seconds(Math.max(...some.map(({ recovery }) => recovery))),
    };
  });
}

/** What is known of the gaps of all outages that one fault hindered from being repaired. */
export interface RepairRow {
  readonly name: string;
  readonly repaired: number;
  readonly absent: number;
  readonly lost: number;
  readonly most_weight: number;
  readonly longest_repair_s: number;
}

/** One row a fault of which there were gaps to repair. */
export function repairsOf(results: readonly Result[]): RepairRow[] {
  const repairs = results.flatMap(({ name, repair }) => repair ? [{ name, ...repair }] : []);
  return [...Map.groupBy(repairs, ({ name }) => name)].map(([name, some]) => {
    const total = (state: "repaired" | "absent" | "lost") => some.reduce((sum, one) => sum + one[state], 0);
    return {
      name,
      ...{ repaired: total("repaired"), absent: total("absent"), lost: total("lost") },
      most_weight: Math.max(...some.map(({ weight }) => weight)),
      longest_repair_s: seconds(Math.max(...some.map(({ tookMs }) => tookMs))),
    };
  });
}

const seconds = (ms: number) => Math.round(ms / 100) / 10;

/** The results as lines of a table, with the gaps that were repaired and each worker's memory below. */
export function tableOf(
  rows: readonly Row[],
  memory: readonly Memory[],
  repairs: readonly RepairRow[] = [],
): string {
  const faults = rows.map(({ name, longest_recovery_s, ...counts }) =>
    cells(name, counts, longest_recovery_s)
  );
  const gaps = repairs.map(({ name, longest_repair_s, ...counts }) => cells(name, counts, longest_repair_s));
  const workers = memory.map(({ task, start, end }) => [task, megabytes(start), megabytes(end)]);
  const heads = [
    "fault",
    "injected",
    "sent",
    "stored",
    "in gaps",
    "dead letters",
    ...faultCounts,
  ];
  return [
    ...lines([[...heads, "longest recovery"], ...faults]),
    ...gaps.length > 0 ? ["", ...lines([repairHeads, ...gaps])] : [],
    ...workers.length > 0 ? ["", ...lines([["worker", "memory at start", "at end"], ...workers])] : [],
  ].join("\n");
}

const cells = (name: string, counts: Record<string, number>, seconds: number) => [
  name,
  ...Object.values(counts).map((count) => count.toLocaleString("en")),
  `${seconds.toFixed(1)} s`,
];

const repairHeads = [
  "repair",
  "gaps repaired",
  "absent",
  "lost",
  "most weight a minute",
  "sockets back to repaired",
];

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Markdown, which reads well as it is: the first column to the left, the others to the right. */
function lines([head, ...rows]: string[][]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ")} |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [line(head), line(rule), ...rows.map(line)];
}
