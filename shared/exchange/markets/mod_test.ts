import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { markets, prefixOf, schemaOf, usualMarket } from "./mod.ts";

const root = new URL("../../../", import.meta.url);
const folder = "shared/exchange/markets/";

/** The project's files without those that only documentation readers see. */
async function trackedFiles(): Promise<string[]> {
  const git = new Deno.Command("git", { args: ["ls-files"], cwd: fileURLToPath(root) });
  const { success, stdout, stderr } = await git.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n")
    .filter((name) => !name.startsWith("docs/") && !name.endsWith(".md"));
}

/** What is a market's own: its paths, its hosts and its name. Tests may name a market. */
const own = /\/[fd]api\b|\/data\/(?:futures|spot)\b|\b[fd](?:api|stream)\.binance|usd[sⓢ]?-m\b/i;
const name = new RegExp(`\\b(?:${markets.map((market) => market.name).join("|")})\\b`);

Deno.test("what a market calls things is written in the markets' folder and nowhere else", async () => {
  const files = await trackedFiles();
  assert.ok(files.length > 300 && files.some((file) => file.startsWith(folder)), `${files.length} files`);
  const faults: string[] = [];
  const found = new Set<string>();
  for (const file of files) {
    // A file may have been removed and its removal not been committed.
    const text = await Deno.readTextFile(new URL(file, root)).catch(() => "");
    const isCode = file.endsWith(".ts") && !/_test\.ts$/.test(file);
    text.split("\n").forEach((line, i) => {
      if (!own.test(line) && !(isCode && name.test(line))) return;
      if (file.startsWith(folder)) found.add(file);
      else faults.push(`${file}:${i + 1}: ${line.trim()}`);
    });
  }
  assert.deepEqual(faults, []);
  assert.ok(found.has(`${folder}usdm.ts`), "the patterns find what is in the folder");
});

Deno.test("the schema's name is written in the markets' folder, the migrations' SQL and once for the dashboard", async () => {
  const schema = /\bwebsocket\.(?!ts\b)|["'`]websocket["'`]|schema websocket\b/;
  const faults: string[] = [];
  const code = (await trackedFiles()).filter((file) =>
    /^(consumers|grafana|local|migrations|producers|shared)\/.*\.ts$/.test(file) &&
    !/_test\.ts$|\/test_/.test(file)
  );
  for (const file of code) {
    if (file.startsWith(folder)) continue;
    const text = await Deno.readTextFile(new URL(file, root)).catch(() => "");
    // The header of a WebSocket handshake has the same word.
    const lines = text.split("\n").filter((line) => schema.test(line) && !/upgrade:/i.test(line));
    faults.push(...lines.map((line) => `${file}: ${line.trim()}`));
  }
  assert.ok(code.length > 100, `${code.length} files`);
  assert.deepEqual(faults, ['grafana/query.ts: export const schema = "websocket";']);
});

Deno.test("the usual market has the names of earlier versions, any other one has its own", () => {
  assert.deepEqual([schemaOf(usualMarket), prefixOf(usualMarket)], ["websocket", ""]);
  assert.deepEqual([schemaOf({ name: "coinm" }), prefixOf({ name: "coinm" })], ["websocket_coinm", "coinm."]);
});

Deno.test("each market has a name of letters that no other has, and URLs without a path", () => {
  assert.equal(new Set(markets.map((market) => market.name)).size, markets.length);
  for (const { name, wsUrl, restUrl, archiveUrl } of markets) {
    assert.match(name, /^[a-z]+$/);
    for (const url of [wsUrl, restUrl, archiveUrl]) assert.equal(new URL(url).origin, url);
  }
});
