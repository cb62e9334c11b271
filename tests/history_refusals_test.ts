import assert from "node:assert/strict";
import {
  historyEnv,
  runHistory,
  startArchive,
  storedCandles,
  type TestArchive,
  trueCandles,
} from "./archive.ts";
import { testDatabase } from "./stack.ts";
import { withRoles } from "./with_roles.ts";

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);

const spoiled = "daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02-02.zip";
const good = () =>
  trueCandles("BTCUSDT", "1m", at("2024-02-02"), at("2024-02-03")).map((line) => `${line},0`);

for (
  const [what, spoil, why] of [
    [
      "that differs from its checksum",
      (archive) => archive.set(`${spoiled}.CHECKSUM`, new TextEncoder().encode(`${"0".repeat(64)}  x.zip`)),
      /its SHA-256 must be 0{64}, as its CHECKSUM says: it is [0-9a-f]{64}/,
    ],
    [
      "that is cut short",
      (archive) => archive.set(spoiled, archive.get(spoiled)!.subarray(0, 20_000)),
      /its SHA-256 must be [0-9a-f]{64}, as its CHECKSUM says: it is [0-9a-f]{64}/,
    ],
    [
      "with a row of garbage",
      (archive) => archive.pack(spoiled, good().with(1_000, "1706872800000,garbage").join("\n")),
      /line 1001 is wrong: it must have 12 fields: it has 2/,
    ],
    [
      "with a price that is none",
      (archive) =>
        archive.pack(spoiled, good().with(1_400, good()[1_400].replace(/^(\d+),[^,]+/, "$1,NaN")).join("\n")),
      /line 1401 is wrong: open must be a plain decimal: it is "NaN"/,
    ],
    [
      "that is there no more though its checksum is",
      (archive) => archive.set(spoiled, "missing"),
      /its CHECKSUM is there, but not the file itself/,
    ],
  ] as [string, (archive: TestArchive) => void, RegExp][]
) {
  Deno.test(`a file ${what} is refused, nothing of it stays, and the others are imported`, async () => {
    await using database = await testDatabase();
    await using archive = startArchive(["BTCUSDT"]);
    spoil(archive);
    const words = "--from 2024-02-01 --to 2024-02-03 --symbols BTCUSDT --intervals 1m";
    const { code, said, complained } = await runHistory(words, historyEnv(database, archive));
    assert.equal(code, 1);
    assert.match(
      complained,
      new RegExp(`^Cannot use ${archive.url}/.*BTCUSDT-1m-2024-02-02.zip: ${why.source}`, "m"),
    );
    assert.match(said, /^BTCUSDT 1m +candles +4,320 +2,880 +0 +1,440$/m);
    assert.deepEqual(await storedCandles(database.sql, "BTCUSDT", "1m"), [
      ...trueCandles("BTCUSDT", "1m", at("2024-02-01"), at("2024-02-02")),
      ...trueCandles("BTCUSDT", "1m", at("2024-02-03"), at("2024-02-04")),
    ]);

    archive.pack(spoiled, good().join("\n"));
    const again = await runHistory(words, historyEnv(database, archive));
    assert.match(again.said, /^1 files imported, 2 were imported before, 0 refused/m);
    assert.equal((await storedCandles(database.sql, "BTCUSDT", "1m")).length, 4_320);
  });
}

Deno.test("a transfer that breaks off is begun anew", async () => {
  await using database = await testDatabase();
  await using archive = startArchive(["BTCUSDT"]);
  archive.breakOff(3);
  const words = "--from 2024-02-01 --to 2024-02-01 --symbols BTCUSDT --intervals 1m";
  const { code, complained } = await runHistory(words, historyEnv(database, archive));
  assert.equal(code, 0, complained);
  assert.equal(archive.fetched.length, 4);
  assert.equal((await storedCandles(database.sql, "BTCUSDT", "1m")).length, 1_440);
});

Deno.test("the workers' role may not import, and is told who may", async () => {
  await using roles = await withRoles();
  await using archive = startArchive(["BTCUSDT"]);
  const url = new URL(roles.database.url);
  url.username = url.password = "";
  const { code, complained } = await runHistory("--from 2024-02-01 --to 2024-02-01 --symbols BTCUSDT", {
    ...historyEnv({ url: url.href }, archive),
    DB_USER: "bookline_writer",
    DB_PASSWORD: roles.passwords.bookline_writer,
  });
  assert.equal(code, 1);
  assert.match(
    complained,
    /^Cannot import as bookline_writer: only the owner of the tables may\. Example: DB_USER=/m,
  );
});

Deno.test("the files of another host are not stored in the exchange's database", async () => {
  await using archive = startArchive([]);
  const words = "--from 2024-02-01 --to 2024-02-02 --symbols BTCUSDT";
  const refused = await runHistory(words, {
    DB_URL: "postgres://localhost:5432/bookline",
    BINANCE_ARCHIVE_URL: archive.url,
  });
  assert.equal(refused.code, 1);
  assert.match(
    refused.complained,
    /^Cannot store data of 127\.0\.0\.1:\d+, which is not the exchange, in the database bookline/m,
  );
});

Deno.test("the exchange's files are not stored in a simulation's database", async () => {
  const words = "--from 2024-02-01 --to 2024-02-02 --symbols BTCUSDT";
  const refused = await runHistory(words, { DB_URL: "postgres://localhost:5432/bookline_simulated" });
  assert.equal(refused.code, 1);
  assert.match(refused.complained, /^Cannot store the exchange's data in the database bookline_simulated/m);
});
