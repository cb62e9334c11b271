import { Buffer } from "node:buffer";
import { join } from "node:path";
import { headerAt } from "../../shared/kafka/batch_header.ts";

const FIRST_SEGMENT = "00000000000000000000.log";

/**
 * Takes the last messages away from the logs of a broker that does not run, as a disk does that was not flushed.
 * @param ends by partition, the offset from which on messages are lost; those of one batch are kept or lost together
 * @returns how many messages are lost
 */
export async function truncateLogs(
  folder: string,
  topic: string,
  ends: ReadonlyMap<number, number>,
): Promise<number> {
  let lost = 0;
  for (const [partition, end] of ends) {
    const path = join(folder, "data", `${topic}-${partition}`, FIRST_SEGMENT);
    const bytes = Buffer.from(await Deno.readFile(path));
    let kept = 0;
    for (let at = 0; at < bytes.length;) {
      const header = headerAt(bytes, at, 0);
      // A file that is made longer ahead of its messages ends in zeros.
      if (header.isCutOff || header.count === 0) break;
      at += header.bytes.length;
      if (header.lastOffset < end) kept = at;
      else lost += header.count;
    }
    await Deno.truncate(path, kept);
  }
  return lost;
}
