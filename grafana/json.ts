import type { PostgresQuery } from "./query.ts";

/** The part of a panel's JSON that the tests and the benchmark read. */
export interface PanelJson {
  readonly title: string;
  readonly description?: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly maxDataPoints: number;
  readonly repeat?: string;
  readonly repeatDirection?: string;
  readonly maxPerRow?: number;
  readonly targets: readonly PostgresQuery[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig: {
    readonly defaults: {
      readonly noValue?: string;
      readonly decimals?: number;
      readonly thresholds?: unknown;
      readonly mappings?: unknown;
      readonly custom?: Readonly<Record<string, unknown>>;
    };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

/** Where the committed dashboard is, as Grafana reads it. */
export const dashboardFile = new URL("dashboards/bookline.json", import.meta.url);

/** The committed dashboard's panels, rows left out. */
export async function readPanels(): Promise<PanelJson[]> {
  const { panels } = JSON.parse(await Deno.readTextFile(dashboardFile));
  return panels.filter(({ type }: PanelJson) => type !== "row");
}
