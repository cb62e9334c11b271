import { z } from "zod";
import { patterns, readers } from "../canonical.ts";
import { fieldType } from "../message.ts";
import type { Feed } from "../stream.ts";

/** A good data frame. */
export interface UsualFrame {
  /** The stream's name. */
  readonly stream: string;
  /** What the stream's wire schema makes of the payload. */
  readonly payload: unknown;
}

type Decoder = (text: string) => UsualFrame | undefined;

/** A JSON string without escapes. */
const plain = String.raw`[^"\\\x00-\x1f]*`;

/** Values of fields that the wire schema does not name. */
const ignored: Record<string, string> = { string: `"${plain}"`, number: "-?(?:0|[1-9][0-9]*)" };

/**
 * A decoder for frames of the very form of the exchange's sample: its fields in its order, though those that the wire schema
 * does not name may be absent. Of any other text it returns undefined, and the schema has the say; so it does of streams
 * whose payload is nested. One regular expression in the place of JSON.parse and zod: 0.3 µs a frame instead of 1.2 µs.
 */
export function usualDecoder<M>({ wire, sample }: Pick<Feed<M>, "wire" | "sample">): Decoder {
  const { shape = {} } = wire as { shape?: Record<string, unknown> };
  const { data }: { data: Record<string, unknown> } = JSON.parse(sample);
  const fields: { name: string; read: (text: string) => unknown }[] = [];
  const constants: Record<string, unknown> = {};
  const parts: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    const { type } = fieldType(shape[name]) ?? {};
    if (type && type !== "json") {
      fields.push({ name, read: readers[type] });
      parts.push(`"${name}":${patterns[type]}`);
    } else if (shape[name] instanceof z.ZodLiteral) {
      constants[name] = value;
      parts.push(`"${name}":${JSON.stringify(value)}`);
    } else if (!(name in shape) && (typeof value) in ignored) {
      parts.push(`(?:"${name}":${ignored[typeof value]})?`);
    } else return () => undefined;
  }
  if (Object.keys(shape).some((name) => !(name in data))) return () => undefined;

  // A comma stands before each field but the first, and is absent with its field.
  const body = parts.map((part, i) => i === 0 ? part : part.replace(/^(\(\?:)?/, "$1,")).join("");
  const pattern = new RegExp(`^{"stream":"(${plain})","data":{${body}}}$`);
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const payload = { ...constants };
    for (let i = 0; i < fields.length; i++) payload[fields[i].name] = fields[i].read(match[i + 2]);
    return { stream: match[1], payload };
  };
}
