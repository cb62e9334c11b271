import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const folder = Deno.env.get("RECORDINGS") ??
  fileURLToPath(new URL("../../shared/recordings", import.meta.url));

/** The path of a recording. */
export function recordingPath(name: string): string {
  return join(folder, name);
}

/** Registers a test that reads a recording; if there is none, its name says that it is left out. */
export function testWithRecording(name: string, sentence: string, test: () => Promise<void>): void {
  const ignore = !existsSync(recordingPath(name));
  const hint = ignore ? `: left out, as RECORDINGS names no folder that has ${name}` : "";
  Deno.test({ name: sentence + hint, ignore, fn: test });
}

/** The JSON lines of a `.jsonl.gz` recording. */
export async function readLines<T>(name: string): Promise<T[]> {
  const file = await Deno.open(recordingPath(name));
  const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
