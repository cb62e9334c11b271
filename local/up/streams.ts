import type { Stream } from "../../shared/stream.ts";

const folder = new URL("../../shared/streams/", import.meta.url);

/**
 * All streams that there are: each file of `shared/streams` exports one. In the order of the migrations that they need.
 * @throws {Error} if a file exports none
 */
export async function listStreams(): Promise<Stream[]> {
  const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"));
  const streams = await Promise.all(files.map(async (file) => {
    const module: Record<string, unknown> = await import(new URL(file, folder).href);
    const stream = Object.values(module).find(isStream);
    if (!stream) throw new Error(`Cannot use shared/streams/${file} as a stream: it exports none`);
    return stream;
  }));
  return streams.sort((a, b) => a.table.migration - b.table.migration);
}

function isStream(value: unknown): value is Stream {
  return typeof value === "object" && value !== null && "topic" in value && "codec" in value;
}
