/** Types the documents' commands for Docker, on the live and on the simulated stack. It needs an engine, and takes minutes. */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../local/ports.ts";
import { temporaryFolder } from "../local/testing.ts";
import { root } from "../local/up/tasks.ts";
import { hasEngine } from "./compose.ts";
import { commandsIn, queriesIn, readDocuments } from "./documents.ts";
import { until } from "./until.ts";

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

const documents = await readDocuments();
const commands = [
  ...new Set(documents.flatMap(commandsIn).filter((command) => /docker compose/.test(command))),
];

/** Those that no test types: they never end, or need a second machine. */
const untyped = ["docker compose logs -f book-consumer", "docker compose up", "docker compose up --build -d"];

/** A copy of the project with a `.env` of its own, whose containers and volumes no other test uses. */
async function openProject({ files, override }: (typeof stacks)["live"]) {
  await using parts = new AsyncDisposableStack();
  const { path } = parts.use(await temporaryFolder());
  const left = new Set([".git", ".local", "node_modules", ".env"]);
  for await (const { name } of Deno.readDir(root)) {
    if (!left.has(name)) await cp(join(root, name), join(path, name), { recursive: true });
  }
  await Deno.writeTextFile(join(path, "compose.test.yaml"), override);
  /** What its containers do, and what they said last. */
  const state = async () => {
    const args = ["-c", "docker compose ps --all; docker compose logs --tail 5"];
    return new TextDecoder().decode((await new Deno.Command("sh", { args, cwd: path }).output()).stdout);
  };
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
    if (!success) assert.fail(`${command}\n${seen.slice(-3_000)}\n${await state()}`);
    return seen;
  };
  /** Puts variables into its `.env`. */
  const set = async (variables: Record<string, string | number>) => {
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await Deno.writeTextFile(join(path, ".env"), ["\n", ...lines].join(""), { append: true });
  };
  const configure = () =>
    set({
      COMPOSE_PROJECT_NAME: `bookline-test-${crypto.randomUUID().slice(0, 8)}`,
      COMPOSE_FILE: `${files}:compose.test.yaml`,
      KAFKA_PORT: freePort(),
      POSTGRES_PORT: freePort(),
    });
  parts.defer(async () => void await type("docker compose down --volumes --remove-orphans"));
  const kept = parts.move();
  return { path, type, set, configure, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

for (const [name, stack] of Object.entries(stacks)) {
  Deno.test({
    name: `docker, ${name}: the documents' commands do as typed what they say, on this stack's database`,
    ignore,
    async fn() {
      await using project = await openProject(stack);
      const typed = new Set(untyped);
      /** Types the documents' only command that matches, with more words, and then the lines. */
      const run = async (pattern: RegExp, { lines = "", more = "" } = {}) => {
        const found = commands.filter((command) => pattern.test(command));
        assert.equal(found.length, 1, `one command like ${pattern}: ${found}`);
        typed.add(found[0]);
        return await project.type(found[0].replace(/^git pull && /, "") + more, lines);
      };
      const sql = (text: string) => run(/exec postgres psql$/, { lines: `${text};\n\\q\n` });
      const symbols = async () =>
        /made|lost|\(0 rows\)/.exec(await sql("select symbol from websocket.marker"));

      await project.type(`${Deno.execPath()} task env`);
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

      const isRead = async () =>
        /1 row/.test(await sql("select from websocket.symbols where symbol = 'LTCUSDT'"));
      assert.ok(!await isRead());
      await project.set({ SYMBOLS: "LTCUSDT" });
      await run(/^docker compose up -d$/);
      if (stack === stacks.simulated) await until("a row of LTCUSDT", isRead);
      assert.match(await project.type("docker compose exec repair printenv SYMBOLS"), /^LTCUSDT\s*$/m);

      const queries = documents.flatMap(queriesIn).map((query) => `${query}\n;\n`);
      await Deno.writeTextFile(join(project.path, "queries.sql"), queries.join(""));
      await project.type("docker compose exec -T postgres psql --set ON_ERROR_STOP=1 < queries.sql");
      assert.match(await run(/retention\.ts$/), /kline_data +keeps all/);
      assert.match(await run(/dlq\.ts list$/), /order_book_data: 0 waiting/);
      // The archive can't be reached from here, and is not for simulated data.
      assert.match(await run(/history\.ts/, { more: " --help" }), /Usage: deno task history/);

      await run(/^docker compose stop$/);
      await run(/^docker compose start$/);
      await run(/--build -d --remove-orphans$/);
      assert.equal((await symbols())?.[0], "made");
      await run(/down --volumes/);
      assert.doesNotMatch(await project.type("docker compose ps --all --quiet"), /\w/);

      assert.deepEqual(commands.filter((command) => !typed.has(command)), [], "every command is typed");
    },
  });
}
