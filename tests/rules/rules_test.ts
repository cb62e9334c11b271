import assert from "node:assert/strict";
import { readFiles } from "./files.ts";
import { rules } from "./rules.ts";

/** What the rules say of a file. */
const withFile = (path: string, ...lines: string[]) =>
  rules([{ path, text: lines.map((line) => `${line}\n`).join("") }]);

Deno.test("an import circle is refused, of types too", () => {
  assert.deepEqual(
    rules([
      { path: "shared/a.ts", text: 'import type { B } from "./b.ts";\n' },
      { path: "shared/b.ts", text: 'import { c } from "./deep/c.ts";\n' },
      { path: "shared/deep/c.ts", text: 'export type {\n  A,\n} from "../a.ts";\n' },
    ]),
    [
      "shared/a.ts: must not import what imports it: " +
      "shared/a.ts -> shared/b.ts -> shared/deep/c.ts -> shared/a.ts",
    ],
  );
  assert.match(
    withFile("shared/x.ts", 'const self = await import("./x.ts");')[0],
    /^shared\/x\.ts: must not import/,
  );
});

for (
  const [path, to, why] of [
    ["shared/x.ts", "../producers/produce.ts", "files of shared/ may import files of shared/ only"],
    ["producers/outlet/x.ts", "../../consumers/consume.ts", "may import files of producers/, shared/ only"],
    ["consumers/x.ts", "../producers/produce.ts", "may import files of consumers/, shared/ only"],
    ["consumers/x.ts", "../migrations/run.ts", "may import files of consumers/, shared/ only"],
    [
      "history/x.ts",
      "../consumers/consume.ts",
      "may import files of history/, shared/, consumers/postgres/ only",
    ],
    ["migrations/x.ts", "../local/folders.ts", "may import files of migrations/, shared/ only"],
    ["local/x.ts", "../tests/until.ts", "may import files of local/, shared/ only"],
    ["new_folder/x.ts", "../shared/log.ts", "may import files of new_folder/ only"],
    ["shared/x.ts", "./kafka/test_cluster.ts", "it is for tests"],
    ["consumers/x.ts", "kafkajs/src/errors.js", "only shared/kafka/ may import this package"],
    ["consumers/postgres/x.ts", "postgres", "only shared/postgres/ may import this package"],
    ["producers/x.ts", "prom-client", "only shared/telemetry/ may import this package"],
  ]
) {
  Deno.test(`${path} must not import ${to}`, () => {
    const complaints = withFile(path, `import { x } from "${to}";`);
    assert.equal(complaints.length, 1, complaints.join("\n"));
    assert.match(complaints[0], new RegExp(`^${path}: must not import .+: .*${why}$`));
    assert.deepEqual(withFile(path.replace(".ts", "_test.ts"), `import { x } from "${to}";`), []);
  });
}

Deno.test("history may import the sink", () => {
  assert.deepEqual(withFile("history/x.ts", 'import { x } from "../consumers/postgres/copy.ts";'), []);
});

Deno.test("a file of more than 250 lines is refused, a document is not", () => {
  const lines = Array<string>(251).fill("select 1;");
  assert.deepEqual(withFile("migrations/x.sql", ...lines), [
    "migrations/x.sql: must have at most 250 lines: it has 251. Split it by duty",
  ]);
  assert.deepEqual(withFile("migrations/x.sql", ...lines.slice(1)), []);
  assert.deepEqual(withFile("docs/x.md", ...lines), []);
});

for (
  const [what, path, line] of [
    ["a comment", "shared/x.ts", "// It does this lest the row is lost."],
    ["a part of a name", "shared/x.ts", "const isTwinOf = 1;"],
    ["a constant", "shared/x.ts", "const PATIENCE_MS = 1;"],
    ["a comment of SQL", "migrations/0001_kline.sql", "-- the chores of the night"],
    ["a document", "docs/x.md", "Each lane has one."],
    ["a file's name", "consumers/upkeep.ts", ""],
  ]
) {
  Deno.test(`a retired word is refused in ${what}`, () => {
    const complaints = withFile(path, line);
    assert.equal(complaints.length, 1, complaints.join("\n"));
    assert.match(complaints[0], new RegExp(`^${path}(:1)?: must not say "\\w+"\\. Instead: `));
  });
}

Deno.test("published names and longer words are not refused", () => {
  assert.deepEqual(withFile("migrations/0099_upkeep.sql", "-- the recommended command"), []);
  assert.deepEqual(withFile("CHANGELOG.md", "- the upkeep"), []);
});

Deno.test("the check reads the files that people write, and the project keeps the rules", async () => {
  const files = await readFiles(new URL("../../", import.meta.url));
  const paths = files.map(({ path }) => path);
  for (
    const path of ["README.md", ".env.example", "shared/kafka/mod.ts", "migrations/setup.sql", "Dockerfile"]
  ) {
    assert.ok(paths.includes(path), path);
  }
  assert.deepEqual(paths.filter((path) => /^\.local\/|\.lock$|\.json$/.test(path)), []);
  assert.deepEqual(rules(files), []);
});
