import assert from "node:assert/strict";
import { removeIfThere } from "./folders.ts";
import { reachableFolder, serverAccount } from "./postgres_account.ts";
import { temporaryFolder } from "./testing.ts";

const account = await serverAccount();

Deno.test({
  name:
    "what root keeps in a folder that the server can't enter is put elsewhere, once, and root is informed",
  ignore: account === undefined,
  async fn() {
    await using folder = await temporaryFolder();
    await Deno.chmod(folder.path, 0o700);
    const lines: string[] = [];
    let aside: string | undefined;
    const reach = () => reachableFolder(folder.path, account, (line) => lines.push(line));

    const elsewhere = await reach();
    try {
      assert.notEqual(elsewhere, folder.path);
      assert.equal(await Deno.readLink(`${folder.path}/outside`), elsewhere);
      await Deno.writeTextFile(`${elsewhere}/kept`, "");
      assert.equal(await reach(), elsewhere);
      assert.ok(await Deno.stat(`${elsewhere}/kept`));
      assert.equal(lines.length, 1);

      // A new clone where an old one was, whose data is not removed.
      await Deno.remove(`${folder.path}/outside`);
      assert.equal(await reach(), elsewhere);
      await assert.rejects(Deno.stat(`${elsewhere}/kept`), Deno.errors.NotFound);
      aside = /is in (\S+) now/.exec(lines.join("\n"))?.[1];
      assert.ok(await Deno.stat(`${aside}/kept`));
    } finally {
      if (aside) await removeIfThere(aside);
      await removeIfThere(elsewhere);
    }
  },
});

Deno.test("a folder that the server can enter is used as it is", async () => {
  await using folder = await temporaryFolder();
  assert.equal(await reachableFolder(folder.path, account, assert.fail), folder.path);
});
