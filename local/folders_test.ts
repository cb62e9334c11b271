import assert from "node:assert/strict";
import { fillOnce, removeServer } from "./folders.ts";
import { lockFolder } from "./lock.ts";
import { temporaryFolder } from "./testing.ts";

Deno.test("a folder is filled once, however many ask for it at the same time", async () => {
  await using folder = await temporaryFolder();
  const inner = `${folder.path}/libs`;
  let fills = 0;
  const fill = async () => {
    fills++;
    await Deno.writeTextFile(`${inner}/jar`, "");
  };
  await Promise.all([1, 2, 3].map(() => fillOnce(inner, "version 1", fill)));
  assert.equal(fills, 1);
  await fillOnce(inner, "version 2", fill);
  assert.equal(fills, 2);
});

Deno.test("a folder whose filling was cut off is filled again", async () => {
  await using folder = await temporaryFolder();
  const inner = `${folder.path}/libs`;
  const cutOff = fillOnce(inner, "version 1", async () => {
    await Deno.writeTextFile(`${inner}/half`, "");
    throw new Error("Ctrl-C");
  });
  await assert.rejects(cutOff, /Ctrl-C/);
  await fillOnce(inner, "version 1", () => Deno.writeTextFile(`${inner}/whole`, ""));
  assert.deepEqual([...Deno.readDirSync(inner)].map((entry) => entry.name).sort(), [".made-from", "whole"]);
});

Deno.test("a folder is locked for one process until that releases it, and another is told who has it", async () => {
  await using folder = await temporaryFolder();
  {
    using _lock = await lockFolder(folder.path);
    await assert.rejects(lockFolder(folder.path), new RegExp(`as process ${Deno.pid} is using it`));
  }
  using _again = await lockFolder(folder.path);
});

Deno.test("a server's folder is removed, with what an earlier removal that was cut off left of it", async () => {
  await using folder = await temporaryFolder();
  const server = `${folder.path}/server`;
  const outside = `${folder.path}/elsewhere`;
  for (const path of [server, `${server}.removed/data`, outside]) await Deno.mkdir(path, { recursive: true });
  await Deno.symlink(outside, `${server}/outside`);
  await removeServer(server);
  await removeServer(server);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});
