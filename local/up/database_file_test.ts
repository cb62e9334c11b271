import assert from "node:assert/strict";
import { lockFolder } from "../lock.ts";
import { temporaryFolder } from "../testing.ts";
import { readUpDatabase, writeUpDatabase } from "./database_file.ts";

const database = { env: { DB_URL: "postgres://127.0.0.1:1/x" }, given: "", headline: "SIMULATED data" };

Deno.test("no database is found where up does not run, nor the one of an up that was killed", async () => {
  await using folder = await temporaryFolder();
  assert.equal(await readUpDatabase("", folder.path), undefined);
  {
    using _lock = await lockFolder(folder.path);
    await writeUpDatabase(database, folder.path);
  }
  assert.equal(await readUpDatabase("", folder.path), undefined);
});

Deno.test("the database of a running up is found until up ends, unless the user names another, and only this user may read where it is", async () => {
  await using folder = await temporaryFolder();
  using _lock = await lockFolder(folder.path);
  {
    await using _file = await writeUpDatabase(database, folder.path);
    assert.deepEqual(await readUpDatabase("", folder.path), database);
    assert.equal(await readUpDatabase("postgres://elsewhere/x", folder.path), undefined);
    const { mode } = await Deno.stat(`${folder.path}/database.json`);
    assert.equal(mode! & 0o777, 0o600);
  }
  assert.equal(await readUpDatabase("", folder.path), undefined);
});
