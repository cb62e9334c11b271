import assert from "node:assert/strict";
import { startPostgres } from "../local/postgres.ts";
import { temporaryFolder } from "../local/testing.ts";
import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { connect } from "../shared/postgres/mod.ts";
import { claimRoles } from "./own_roles.ts";
import { silent } from "./silent.ts";

Deno.test("tests refuse a server whose roles others made, and use one whose roles they made", async () => {
  await using folder = await temporaryFolder();
  await using server = await startPostgres({ folder: folder.path });
  const sql = connect(parseDatabaseUrl(server.url), silent);
  await sql`create role grafana_reader login`;
  await assert.rejects(claimRoles(server.url), /^Error: Cannot use TEST_DB_URL: .* a role grafana_reader /);
  await sql`drop role grafana_reader`;
  // Several processes run tests at the same time.
  await Promise.all(Array.from({ length: 4 }, () => claimRoles(server.url)));
  await claimRoles(server.url);
  await sql.end();
});
