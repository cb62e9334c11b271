import type { Stream } from "./stream.ts";

const folder = new URL("./streams/", import.meta.url);

/**
 * Lists all streams: each file of `shared/streams` exports one. Streams of the exchange come first, then those that workers make.
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
  const rank = ({ feed, storage }: Stream) => (feed ? 0 : 1_000_000) + storage.migration;
  return streams.sort((a, b) => rank(a) - rank(b));
}

function isStream(value: unknown): value is Stream {
  return typeof value === "object" && value !== null && "message" in value && "storage" in value;
}
