import assert from "node:assert/strict";
import { dashboard } from "./dashboard.ts";
import { dashboardFile, readPanels } from "./json.ts";

const json = JSON.parse(JSON.stringify(dashboard()));

Deno.test("the committed JSON is what the code makes", async () => {
  assert.deepEqual(JSON.parse(await Deno.readTextFile(dashboardFile)), json);
});

Deno.test("no two panels share an id or a place, and every line of panels is as wide as the page", () => {
  const taken = new Map<string, number>();
  for (const { id, gridPos: { x, y, w, h } } of json.panels) {
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert.equal(taken.get(`${column} ${line}`), undefined);
        taken.set(`${column} ${line}`, id);
      }
    }
  }
  assert.equal(new Set(taken.values()).size, json.panels.length);
  const height = Math.max(
    ...json.panels.map(({ gridPos }: { gridPos: { y: number; h: number } }) => gridPos.y + gridPos.h),
  );
  assert.equal(taken.size, 24 * height);
});

Deno.test("macros get plain column names, since their argument ends at the first parenthesis", async () => {
  const queries = (await readPanels()).flatMap(({ targets }) => targets.map(({ rawSql }) => rawSql));
  const calls = queries.flatMap((sql) =>
    [...sql.matchAll(/\$__\w+\(([^)]*)\)/g)].map(([, argument]) => argument)
  );
  assert.ok(calls.length > queries.length);
  for (const argument of calls) assert.match(argument, /^\w*$/);
});

Deno.test("it is the classic form of Grafana 9.4, refreshed every 30 s, of the last hour, in the viewer's time zone", () => {
  assert.equal(json.schemaVersion, 37);
  assert.deepEqual([json.refresh, json.time.from, json.timezone], ["30s", "now-1h", "browser"]);
  for (const { type, datasource } of json.panels) {
    assert.deepEqual(datasource, type === "row" ? undefined : { type: "postgres", uid: "bookline" });
  }
});
