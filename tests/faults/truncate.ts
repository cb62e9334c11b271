import { join } from "node:path";

/** Bytes of a batch before what its length counts, and where the count of its records is. Kafka: "Record Batch". */
const PREFIX = 12;
const COUNT_AT = 57;

/**
 * Cuts whole batches off the end of each of a topic's logs, until at least so many records are cut off, as a broker's disk may lose
 * them. The broker must not run. Returns how many records were cut off.
 */
export async function truncateLogs(folder: string, topic: string, records: number): Promise<number> {
  let lost = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(`${topic}-`)) continue;
    const path = join(folder, name, "00000000000000000000.log");
    const bytes = await Deno.readFile(path);
    const batches = batchesOf(new DataView(bytes.buffer));
    let cut = 0;
    let end = bytes.length;
    while (cut < records && batches.length > 0) {
      const last = batches.pop()!;
      cut += last.count;
      end = last.at;
    }
    await Deno.truncate(path, end);
    lost += cut;
  }
  return lost;
}

/** Where each batch of a log begins, and how many records it has. */
function batchesOf(log: DataView): { at: number; count: number }[] {
  const batches = [];
  for (let at = 0; at + COUNT_AT + 4 <= log.byteLength; at += PREFIX + log.getInt32(at + 8)) {
    if (log.getInt32(at + 8) <= 0) break;
    batches.push({ at, count: log.getInt32(at + COUNT_AT) });
  }
  return batches;
}
