import { linesOf } from "../command.ts";
import { type MarketEvent, symbolOf } from "./event.ts";

/** A combined stream's frame; the payload is kept as it was recorded, to the letter. */
const envelope = /^\s*\{\s*"stream"\s*:\s*"([^"\\]+)"\s*,\s*"data"\s*:\s*(\{.*\})\s*\}\s*$/;

/**
 * The messages of a recording, `.jsonl` or `.jsonl.gz` of envelopes, in its order. With `symbols` (upper case) only
 * theirs.
 * @throws {Error} naming the line that is no envelope with an event time `E`, or if the file can't be read
 */
export async function* recording(file: string, symbols?: readonly string[]): AsyncGenerator<MarketEvent> {
  const wanted = symbols && new Set(symbols);
  let number = 0;
  for await (const line of linesOf(await open(file))) {
    number++;
    if (line.trim() === "") continue;
    const [, stream, head] = envelope.exec(line) ?? [];
    const time = head && eventTimeOf(head);
    if (typeof time !== "number") {
      throw new Error(`Cannot play ${file} as line ${number} is no {"stream":…,"data":{…,"E":…}}`);
    }
    if (!wanted || wanted.has(symbolOf(stream))) yield { stream, time, head };
  }
}

/**
 * The symbols of a recording, upper case, in the order in which they first occur.
 * @throws {Error} as `recording` does
 */
export async function symbolsOf(file: string): Promise<string[]> {
  const symbols = new Set<string>();
  for await (const { stream } of recording(file)) symbols.add(symbolOf(stream));
  return [...symbols];
}

function eventTimeOf(payload: string): unknown {
  try {
    return JSON.parse(payload).E;
  } catch {
    return undefined;
  }
}

async function open(file: string): Promise<ReadableStream<Uint8Array>> {
  const { readable } = await Deno.open(file);
  return file.endsWith(".gz") ? readable.pipeThrough(new DecompressionStream("gzip")) : readable;
}
