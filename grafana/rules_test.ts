import assert from "node:assert/strict";
import { colourRules, colours, usualColours } from "./colours.ts";
import { dashboard } from "./dashboard.ts";
import type { PanelJson } from "./json.ts";

const json = JSON.parse(JSON.stringify(dashboard()));
const panels: PanelJson[] = json.panels.filter(({ type }: PanelJson) => type !== "row");
const ofType = (type: string) => panels.filter((panel) => panel.type === type);
const lines = ofType("timeseries");
const titled = (title: string) => panels.find((panel) => panel.title === title)!;
/** The properties of a panel's override, by name. */
const override = (panel: PanelJson, name: string) =>
  Object.fromEntries(
    panel.fieldConfig.overrides.find(({ matcher }) => matcher.options === name)!.properties
      .map(({ id, value }) => [id, value]),
  );

/** What a viewer at 1,280 px has for 24 columns: less Grafana's menu and margins. */
const PAGE_PX = 1_200;
/** The margins of a panel. */
const MARGIN_PX = 24;
/** A line of the grid, with its gap. */
const LINE_PX = 38;
/** A row of a table, and its head. */
const ROW_PX = 36;

Deno.test("the dashboard is not named as a folder that Grafana makes for it, which Grafana refuses", async () => {
  const provisioning = new URL("provisioning/dashboards/", import.meta.url);
  const folders: string[] = [];
  for await (const { name } of Deno.readDir(provisioning)) {
    const text = await Deno.readTextFile(new URL(name, provisioning));
    folders.push(...[...text.matchAll(/^\s*folder:\s*(.*)$/gm)].map(([, folder]) => folder.trim()));
  }
  assert.ok(folders.length > 0);
  for (const folder of folders) assert.notEqual(json.title.toLowerCase(), folder.toLowerCase());
});

Deno.test("a panel or a cell without a value shows the same neutral sign, which is true while Postgres is down, too", () => {
  for (const { title, fieldConfig } of panels) {
    assert.equal(fieldConfig.defaults.noValue, "–", title);
    for (const { properties } of fieldConfig.overrides) {
      assert.ok(properties.every(({ id }) => id !== "noValue"), title);
    }
  }
});

Deno.test("no line is drawn across what is missing", () => {
  assert.ok(lines.length >= 5);
  for (const { title, fieldConfig } of lines) {
    assert.equal(fieldConfig.defaults.custom?.spanNulls, false, title);
  }
});

Deno.test("the first line of panels says whether anything is wrong, and each has a colour for it", () => {
  const strip = ofType("stat");
  assert.deepEqual(strip.map(({ title }) => title), [
    ...["Data", "Price", "Worst age", "Open gaps", "Unrepaired", "Audit", "Worst delay", "Rows a second"],
  ]);
  for (const { title, gridPos, fieldConfig } of strip) {
    assert.equal(gridPos.y, 1, title);
    assert.ok(fieldConfig.defaults.thresholds, title);
    const [nothing] = fieldConfig.defaults.mappings as { options: Record<string, unknown> }[];
    assert.deepEqual(
      nothing.options,
      { match: "null+nan", result: { text: "–", color: colours.neutral } },
      `${title} is neutral without a value`,
    );
  }
  assert.equal(strip.reduce((sum, { gridPos }) => sum + gridPos.w, 0), 24);
});

Deno.test("a table's columns have widths that fit the table on a page of 1,280 px", () => {
  for (const { title, gridPos, fieldConfig } of ofType("table")) {
    const widths = fieldConfig.overrides.map(({ properties }) => {
      const width = properties.find(({ id }) => id === "custom.width" || id === "custom.minWidth");
      assert.ok(width, `${title} has a column without a width`);
      return Number(width.value);
    });
    const sum = widths.reduce((all, width) => all + width, 0);
    assert.ok(sum <= PAGE_PX * gridPos.w / 24 - MARGIN_PX, `${title} needs ${sum} px`);
  }
  assert.equal(titled("Gaps").gridPos.w, 24);
});

Deno.test("times in tables are short", () => {
  const units = ofType("table").flatMap(({ fieldConfig }) =>
    fieldConfig.overrides.flatMap(({ properties }) =>
      properties.filter(({ id }) => id === "unit").map(({ value }) => String(value))
    )
  );
  for (const unit of units) assert.doesNotMatch(unit, /^dateTime/);
  assert.ok(units.filter((unit) => unit.startsWith("time:")).length >= 4);
});

Deno.test("a table of symbols has room for ten", () => {
  for (const title of ["Symbols", "Age of the newest row", "Coverage", "Candles missing"]) {
    assert.ok(titled(title).gridPos.h * LINE_PX >= LINE_PX + 11 * ROW_PX, title);
  }
});

Deno.test("tables keep the order of their query, so that rows move only when that says so", () => {
  for (const { title, options } of ofType("table")) assert.equal(options?.sortBy, undefined, title);
});

Deno.test("a symbol has the same colour in each panel, none with another meaning, and the usual ones differ", () => {
  const meanings: string[] = Object.values(colours);
  const all = [...Object.values(usualColours), ...colourRules.map(({ colour }) => colour)];
  for (const colour of all) assert.ok(!meanings.includes(colour));
  assert.equal(new Set(Object.values(usualColours)).size, 10);
  for (const symbol of ["BTCUSDT", "1000PEPEUSDT", "币安人生USDT", "ZECUSDT", "A2ZUSDT"]) {
    const matching = colourRules.filter(({ pattern }) => new RegExp(pattern.slice(1, -1)).test(symbol));
    assert.equal(matching.length, 1, symbol);
  }
  const bySymbol = lines.filter(({ targets }) =>
    targets.some(({ rawSql }) => /symbol as metric/.test(rawSql))
  );
  assert.ok(bySymbol.length >= 5);
  for (const { title, fieldConfig: { overrides } } of bySymbol) {
    const colourOf = (options: string) => {
      const found = overrides.findLast(({ matcher }) => matcher.options === options);
      return (found?.properties[0].value as { fixedColor: string } | undefined)?.fixedColor;
    };
    for (const [symbol, colour] of Object.entries(usualColours)) {
      assert.equal(colourOf(symbol), colour, title);
    }
    for (const { pattern, colour } of colourRules) assert.equal(colourOf(pattern), colour, title);
  }
});

Deno.test("green and red are rises and falls, or good and bad: no line has them for another reason", () => {
  const { up, down } = colours;
  const used = lines.flatMap(({ title, fieldConfig }) =>
    fieldConfig.overrides.flatMap(({ matcher, properties }) =>
      properties.filter(({ id }) => id === "color")
        .map(({ value }) => [title, matcher.options, (value as { fixedColor: string }).fixedColor] as const)
    )
  );
  assert.deepEqual(used.filter(([, , colour]) => [up, down].includes(colour)), [
    ["$largest, volume by taker side", "bought", up],
    ["$largest, volume by taker side", "sold", down],
    ["Delay, exchange → received", "worst", down],
  ]);
});

Deno.test("units do not begin with a space, since Grafana puts one before them", () => {
  assert.doesNotMatch(JSON.stringify(json), /"(suffix|prefix):\s/);
});

Deno.test("an axis may have as many decimals as it needs, so that no two of its labels are the same", () => {
  for (const { title, fieldConfig } of [...lines, ...ofType("candlestick")]) {
    assert.ok((fieldConfig.defaults.decimals ?? 8) >= 8, title);
  }
});

Deno.test("panels of one symbol stand beside each other, and all of them take at most 2,000 px", () => {
  assert.ok(
    json.panels.every(({ type, repeat }: { type: string; repeat?: string }) => type !== "row" || !repeat),
  );
  const repeated = panels.filter(({ repeat }) => repeat);
  assert.deepEqual(repeated.map(({ type }) => type), ["candlestick", "timeseries"]);
  for (const { title, repeat, repeatDirection, maxPerRow } of repeated) {
    assert.deepEqual([repeat, repeatDirection, maxPerRow], ["largest", "h", 4], title);
  }
  const most = Number(
    /\[:(\d+)\]/.exec(
      json.templating.list.find(({ name }: { name: string }) => name === "largest").query,
    )![1],
  );
  const height = repeated.reduce(
    (sum, { gridPos, maxPerRow }) => sum + Math.ceil(most / maxPerRow!) * gridPos.h * LINE_PX,
    0,
  );
  assert.ok(height <= 2_000, `${height}`);
});

Deno.test("the delay has a logarithmic axis without values that it can't show, and its worst is drawn as points", () => {
  const delay = titled("Delay, exchange → received");
  assert.deepEqual(delay.fieldConfig.defaults.custom?.scaleDistribution, { type: "log", log: 10 });
  for (const { rawSql } of delay.targets) assert.match(rawSql, /greatest\([^]*, 1\) as/);
  assert.equal(override(delay, "worst")["custom.drawStyle"], "points");
});

Deno.test("the imbalance is a heat map from −1 to 1 that shows what is below 0, too", () => {
  const { type, options } = titled("Imbalance");
  assert.equal(type, "heatmap");
  const { color, filterValues } = options as { color: Record<string, unknown>; filterValues: { le: number } };
  assert.deepEqual([color.min, color.max], [-1, 1]);
  assert.ok(filterValues.le < -1);
});

Deno.test("volume by taker side takes the place of best bid and ask", () => {
  assert.equal(titled("$symbol, best bid and ask"), undefined);
  const flow = titled("$largest, volume by taker side");
  assert.deepEqual(flow.fieldConfig.defaults.custom?.stacking, { mode: "normal", group: "A" });
  assert.equal(override(flow, "delta")["custom.axisPlacement"], "right");
});
