import assert from "node:assert/strict";

Deno.test("migrations are ASCII alone, which every encoding of a database holds", async () => {
  for await (const { name } of Deno.readDir(new URL("./", import.meta.url))) {
    if (!name.endsWith(".sql")) continue;
    const text = await Deno.readTextFile(new URL(name, import.meta.url));
    assert.deepEqual(text.match(/.*[^\t\n -~].*/g) ?? [], [], name);
  }
});
