import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { run } from "../../local/command.ts";
import { fillOnce, localFolder } from "../../local/folders.ts";

/** Prints the version of a Python that can install packages and is new enough for those of requirements.txt. */
const probe = "import sys, venv, pip; assert sys.version_info >= (3, 11); print(sys.version)";

const version = await run("python3", ["-c", probe]).catch(() => undefined);

/** Why tests that need Python can't run here; undefined if they can. */
export const whyNoPython = version === undefined
  ? "skipped as there is no Python 3.11 or newer with pip and venv: apt-get install python3-venv python3-pip"
  : undefined;

/**
 * A Python in `.local/python` that has the packages of requirements.txt, and those alone; they are installed once.
 * @returns the command
 * @throws if they can't be downloaded
 */
export async function python(): Promise<string> {
  const folder = join(localFolder, "python");
  const command = join(folder, "bin", "python");
  const requirements = fileURLToPath(new URL("requirements.txt", import.meta.url));
  await fillOnce(folder, version + await Deno.readTextFile(requirements), async () => {
    await run("python3", ["-m", "venv", "--without-pip", folder]);
    const install = ["install", "--quiet", "--no-deps", "--no-compile", "--only-binary", ":all:"];
    await run("python3", ["-m", "pip", "--python", command, ...install, "--requirement", requirements]);
  });
  return command;
}
