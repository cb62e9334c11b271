/** Types the documents' commands for Docker, on the live and on the simulated stack. It needs an engine, and takes minutes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { hasEngine } from "./compose.ts";
import { openProject, stacks } from "./docker.ts";
import { commandsIn, queriesIn, readDocuments } from "./documents.ts";
import { until } from "./until.ts";

/** What commands are typed on. */
type Typist = Pick<Awaited<ReturnType<typeof openProject>>, "type">;

const ignore = !await hasEngine();

const documents = await readDocuments();
const commands = [
  ...new Set(documents.flatMap(commandsIn).filter((command) => /docker compose/.test(command))),
];

/** Those that no test types: they never end. */
const untyped = ["docker compose logs -f book-consumer", "docker compose up"];

for (const [name, stack] of Object.entries(stacks)) {
  Deno.test({
    name: `docker, ${name}: the documents' commands do as typed what they say, on this stack's database`,
    ignore,
    async fn() {
      await using project = await openProject(stack);
      const typed = new Set(untyped);
      /** Types the documents' only command that matches, with more words, and then the lines. */
      const run = async (pattern: RegExp, { lines = "", more = "", on = project as Typist } = {}) => {
        const found = commands.filter((command) => pattern.test(command));
        assert.equal(found.length, 1, `one command like ${pattern}: ${found}`);
        typed.add(found[0]);
        return await on.type(found[0].replace(/^git pull && /, "") + more, lines);
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

      const has = async (rows: string) => /1 row/.test(await sql(`select from websocket.${rows} limit 1`));
      const isRead = () => has("symbols where symbol = 'LTCUSDT'");
      assert.ok(!await isRead());
      await project.set({ SYMBOLS: "LTCUSDT" });
      await run(/^docker compose up -d$/);
      if (stack === stacks.simulated) await until("a row of LTCUSDT", isRead);
      assert.match(await project.type("docker compose exec repair printenv SYMBOLS"), /^LTCUSDT\s*$/m);

      const second = /^docker compose up --build -d$/;
      if (stack === stacks.simulated) {
        await using machine = await project.openSecond();
        await run(second, { on: machine });
        await until("coverage by the second producers", () => has("coverage_data where producer = 'second'"));
      } else typed.add(commands.find((command) => second.test(command))!); // needs the exchange

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
