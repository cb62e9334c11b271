import assert from "node:assert/strict";
import { leastDeno, requireDeno } from "./deno_version.ts";

Deno.test("a Deno that is too old is refused, saying which is needed", () => {
  for (const version of ["1.46.3", "2.5.0", "2.9.5", "2.8.9+abc", "2.9.5-rc.1"]) {
    assert.throws(
      () => requireDeno(version),
      /^ConfigError: Cannot run with Deno .* as it must be 2\.9\.6 or later.*type: npx -y deno@2\.9\.6 task …$/,
      version,
    );
  }
});

Deno.test("the oldest Deno that works and all later ones are taken", () => {
  for (const version of [leastDeno, "2.9.10", "2.10.0", "3.0.0", Deno.version.deno]) requireDeno(version);
});

Deno.test("README and the image name the oldest Deno that works", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(`../${name}`, import.meta.url));
  assert.ok((await read("README.md")).includes(`npx -y deno@${leastDeno} task up`));
  assert.ok((await read("Dockerfile")).includes(`FROM denoland/deno:${leastDeno}\n`));
});
