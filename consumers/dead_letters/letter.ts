import type { Incoming } from "../../shared/kafka/mod.ts";

/** A record of the dead-letter topic: a message that could not be decoded or stored. */
export interface Letter {
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** The headers that `deadLetter` wrote, without the prefix `bookline-`: why it is here, from where, since when. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Which letters are chosen; without a field, all are. */
export interface Filter {
  /** A part of the cause, in any case. */
  readonly cause?: string;
  /** Only those that came here at that time or later, in ms since the epoch. */
  readonly since?: number;
  /** Only this one: "partition:offset". */
  readonly offset?: string;
}

const decoder = new TextDecoder();
export const utf8 = (bytes: unknown) =>
  bytes instanceof Uint8Array ? decoder.decode(bytes) : String(bytes ?? "");

/** A record of the dead-letter topic as a letter. */
export function readLetter(
  partition: number,
  { key, value, offset, headers = {}, damage }: Incoming,
): Letter {
  if (damage) {
    const said = { cause: damage.cause, "batch-records": String(damage.records) };
    return { partition, offset: Number(offset), key, value, headers: said };
  }
  const named = Object.entries(headers).map((
    [name, header],
  ) => [name.replace("bookline-", ""), utf8(header)]);
  return { partition, offset: Number(offset), key, value, headers: Object.fromEntries(named) };
}

export const causeOf = ({ headers }: Letter) => headers.cause ?? "no cause given";

/** How a letter is named, for `--offset`. */
export const placeOf = ({ partition, offset }: Letter) => `${partition}:${offset}`;

/** Whether the filter chooses this letter. */
export function matches(letter: Letter, { cause, since, offset }: Filter): boolean {
  return (cause === undefined || causeOf(letter).toLowerCase().includes(cause.toLowerCase())) &&
    (since === undefined || Date.parse(letter.headers.time) >= since) &&
    (offset === undefined || offset === placeOf(letter));
}

/** How many of a letter's bytes are shown. */
const SHOWN_BYTES = 2_000;

/** A letter as text for people; `state`, if given, is a line of its own. */
export function describeLetter(letter: Letter, state?: string): string {
  const { key, value, headers } = letter;
  const lines = [`--offset ${placeOf(letter)}`];
  if (state) lines.push(`  ${state}`);
  for (const [name, header] of Object.entries(headers)) lines.push(`  ${name}: ${header}`);
  if (key) lines.push(`  key: ${utf8(key.subarray(0, SHOWN_BYTES))}`);
  lines.push(`  ${utf8(value?.subarray(0, SHOWN_BYTES))}`);
  return lines.join("\n");
}
