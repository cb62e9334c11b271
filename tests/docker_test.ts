/** Types the documents' commands for Docker, on the live and on the simulated stack. It needs an engine, and takes minutes. */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../local/ports.ts";
import { temporaryFolder } from "../local/testing.ts";
import { root } from "../local/up/tasks.ts";
import { hasEngine } from "./compose.ts";

const ignore = !await hasEngine();

/** What the test can't do without the internet: ask the exchange, and fetch Grafana's image. */
const offline = `
services:
  migrate: { build: { network: host } }
  grafana: { profiles: [offline] }`;
const withoutExchange = `${offline}
  kline-producer: { profiles: [offline] }
  book-producer: { profiles: [offline] }
  trade-producer: { profiles: [offline] }`;

const stacks = {
  live: { files: "compose.yaml", database: "bookline", override: withoutExchange },
  simulated: {
    files: "compose.yaml:compose.simulated.yaml",
    database: "bookline_simulated",
    override: offline,
  },
};

/** The commands for Docker in README.md and in docs/operations.md, in their order. */
async function commandsOf(): Promise<string[]> {
  const texts = await Promise.all(
    ["README.md", "docs/operations.md"].map((path) => Deno.readTextFile(join(root, path))),
  );
  const sections = texts.map((text) => /^## Docker$[^]*?^## /m.exec(text)![0]).join("");
  const found = sections.matchAll(/^ {4}(\S.*?)(?: {2,}#.*)?$|`((?:docker compose|git pull) [^`…]+)`/gm);
  return [...found].map(([, block, inline]) => (block ?? inline).trim());
}

/** A copy of the project with a `.env` of its own, whose containers and volumes no other test uses. */
async function openProject({ files, override }: (typeof stacks)["live"]) {
  await using parts = new AsyncDisposableStack();
  const { path } = parts.use(await temporaryFolder());
  const left = new Set([".git", ".local", "node_modules", ".env"]);
  for await (const { name } of Deno.readDir(root)) {
    if (!left.has(name)) await cp(join(root, name), join(path, name), { recursive: true });
  }
  await Deno.writeTextFile(join(path, "compose.test.yaml"), override);
  /** Types a command on a terminal, and then these lines; returns what is to be seen. */
  const type = async (command: string, lines = "") => {
    const child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", command, "/dev/null"],
      cwd: path,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(lines)).catch(() => {}); // it may have ended
    const { success, stdout } = await child.output();
    await writer.close().catch(() => {});
    const seen = new TextDecoder().decode(stdout);
    assert.ok(success, `${command}\n${seen.slice(-3_000)}`);
    return seen;
  };
  const configure = async () => {
    const file = join(path, ".env");
    const filled = await Deno.readTextFile(file);
    const own = {
      COMPOSE_PROJECT_NAME: `bookline-test-${crypto.randomUUID().slice(0, 8)}`,
      COMPOSE_FILE: `${files}:compose.test.yaml`,
      KAFKA_PORT: freePort(),
      POSTGRES_PORT: freePort(),
    };
    const lines = Object.entries(own).map(([name, value]) => `${name}=${value}\n`);
    await Deno.writeTextFile(file, [filled, ...lines].join("\n"));
  };
  parts.defer(async () => void await type("docker compose down --volumes --remove-orphans"));
  const kept = parts.move();
  return { path, type, configure, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

for (const [name, stack] of Object.entries(stacks)) {
  Deno.test({
    name: `docker, ${name}: the documents' commands do as typed what they say, on this stack's database`,
    ignore,
    async fn() {
      await using project = await openProject(stack);
      const typed = new Set<string>();
      const commands = await commandsOf();
      /** Types the documents' only command that matches. */
      const run = async (pattern: RegExp, lines?: string) => {
        const found = commands.filter((command) => pattern.test(command));
        assert.equal(found.length, 1, `one command like ${pattern}: ${found}`);
        typed.add(found[0]);
        return await project.type(found[0].replace(/^git pull && /, ""), lines);
      };
      const sql = (text: string) => run(/exec postgres psql$/, `${text};\n\\q\n`);
      const symbols = async () =>
        /made|lost|\(0 rows\)/.exec(await sql("select symbol from websocket.marker"));

      await project.type(`${Deno.execPath()} task env`);
      typed.add(commands.find((command) => command.endsWith(" task env"))!);
      await project.configure();
      await run(/^docker compose up -d --wait$/);
      assert.match(await sql("select 'in ' || current_database()"), new RegExp(` in ${stack.database}\\b`));
      await sql("create table websocket.marker as select 'made' as symbol");

      await run(/pg_dump/);
      await sql("update websocket.marker set symbol = 'lost'");
      assert.equal((await symbols())?.[0], "lost");
      await run(/compose stop && .*migrate$/);
      await run(/pg_restore/);
      await run(/^docker compose up -d$/);
      assert.equal((await symbols())?.[0], "made", "the backup was of this stack's database");

      await run(/^docker compose ps$/);
      await run(/--scale/);
      await run(/^docker compose stop$/);
      await run(/^docker compose start$/);
      await run(/--build -d --remove-orphans$/);
      assert.equal((await symbols())?.[0], "made");
      await run(/down --volumes/);
      assert.doesNotMatch(await project.type("docker compose ps --all --quiet"), /\w/);

      typed.add(commands.find((command) => command.includes("logs -f"))!); // it never ends
      assert.deepEqual(commands.filter((command) => !typed.has(command)), [], "every command is typed");
    },
  });
}
