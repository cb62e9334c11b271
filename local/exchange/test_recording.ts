import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = Deno.env.get("RECORDINGS") ??
  fileURLToPath(new URL("../../../shared/recordings", import.meta.url));

/** A test on a recording, which is not part of this project; left out, and that said, if there is none. */
export function recordingTest(name: string, recording: string, test: (file: string) => Promise<void>): void {
  const file = `${folder}/${recording}`;
  const isThere = existsSync(file);
  Deno.test({
    name: isThere ? name : `${name} (left out: set RECORDINGS to a folder with ${recording})`,
    ignore: !isThere,
    fn: () => test(file),
  });
}
