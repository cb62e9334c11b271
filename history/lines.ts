import { ArchiveError } from "./archive_error.ts";

/** The longest line, in characters: a file of one long line would be in memory as a whole. */
const LONGEST = 4_096;

/** The lines of a text that comes in parts, an array a part. Lines end with a line feed, or with a carriage return and a line feed. */
export async function* linesOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of parts) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (rest.length > LONGEST) throw new ArchiveError(`a line has more than ${LONGEST} characters`);
    yield lines.map(withoutReturn);
  }
  rest += decoder.decode();
  if (rest !== "") yield [withoutReturn(rest)];
}

const withoutReturn = (line: string) => line.endsWith("\r") ? line.slice(0, -1) : line;
