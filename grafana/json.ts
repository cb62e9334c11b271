import type { PostgresQuery } from "./query.ts";

/** The part of a panel's JSON that the tests and the benchmark read. */
export interface PanelJson {
  readonly title: string;
  readonly description?: string;
  readonly type: string;
  readonly maxDataPoints: number;
  readonly targets: readonly PostgresQuery[];
  readonly fieldConfig: {
    readonly defaults: { readonly noValue?: string };
    readonly overrides: readonly { readonly matcher: { readonly options: string } }[];
  };
}

/** Where the committed dashboard is, as Grafana reads it. */
export const dashboardFile = new URL("dashboards/bookline.json", import.meta.url);

/** The committed dashboard's panels, rows left out. */
export async function readPanels(): Promise<PanelJson[]> {
  const { panels } = JSON.parse(await Deno.readTextFile(dashboardFile));
  return panels.filter(({ type }: PanelJson) => type !== "row");
}
