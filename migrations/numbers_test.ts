import assert from "node:assert/strict";

Deno.test("each migration has a number of its own, of which `migrate` notes that it is applied", async () => {
  const names = (await Array.fromAsync(Deno.readDir(new URL("./", import.meta.url)))).map(({ name }) => name);
  const numbers = names.map((name) => /^(\d{4})_\w+\.sql$/.exec(name)?.[1]).filter((number) => number);
  assert.ok(numbers.length > 0);
  assert.deepEqual(numbers.filter((number, i) => numbers.indexOf(number) !== i), []);
});
