import { createHash } from "node:crypto";
import { basename } from "node:path";
import { SIMULATED } from "../../shared/config/own_names.ts";
import { asName } from "../../shared/exchange/host.ts";
import { describe } from "../../shared/log.ts";
import { type Feed, pathOf } from "./feed.ts";

/** What keeps a feed's data apart from that of all others: put after the database's name and before the topics' names. */
export interface Apart {
  readonly database: string;
  readonly topics: string;
}

/** A recording is known by so many of its first bytes, so that it stays the same while it grows. */
const HEAD_BYTES = 65_536;

/**
 * The names of a feed: none for the live one, `_simulated` for the simulated market, `_NAME_simulated` for a recording, and
 * the host's own for another host.
 * @throws {Error} if the recording can't be read
 */
export async function apartOf(feed: Feed): Promise<Apart> {
  switch (feed.kind) {
    case "live":
      return { database: "", topics: "" };
    case "simulated":
      return { database: SIMULATED, topics: "simulated." };
    case "host":
      return { database: `_${asName(feed.host)}`, topics: `${asName(feed.host)}.` };
    case "file": {
      const name = await nameOf(feed.file);
      return { database: `_${name}${SIMULATED}`, topics: `simulated.${name}.` };
    }
  }
}

/** A recording's name and its beginning: two of the same name differ, and a copy is the same. */
async function nameOf(file: string): Promise<string> {
  try {
    using opened = await Deno.open(pathOf(file));
    const head = new Uint8Array(HEAD_BYTES);
    let length = 0;
    for (let read; (read = await opened.read(head.subarray(length)));) length += read;
    const hash = createHash("sha256").update(head.subarray(0, length)).digest("hex").slice(0, 6);
    return `${asName(basename(file).replace(/\.jsonl(\.gz)?$/, ""))}_${hash}`;
  } catch (error) {
    throw new Error(`Cannot play ${file}: ${describe(error)}`, { cause: error });
  }
}
