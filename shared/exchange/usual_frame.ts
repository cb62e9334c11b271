import { z } from "zod";
import { patterns, readers } from "../canonical.ts";
import { fieldType } from "../message.ts";
import type { Feed } from "../stream.ts";

/** A good data frame. */
export interface UsualFrame {
  /** The stream's name. */
  readonly stream: string;
  /** The payload as the stream's wire schema parses it. */
  readonly payload: unknown;
}

type Decoder = (text: string) => UsualFrame | undefined;

/** The characters of a JSON string without escapes. */
const plain = String.raw`[^"\\\x00-\x1f]*`;

/** Patterns for the values of fields that the wire schema does not name. */
const ignored: Record<string, string> = { string: `"${plain}"`, number: "-?(?:0|[1-9][0-9]*)" };

/**
 * A fast decoder for frames that have the form of the feed's sample: the same fields in the same order; fields that the wire schema
 * does not name, or that it calls optional, may be absent. For any other text it returns undefined, and the caller parses it by the schema. Of a feed whose payload
 * is nested there is none. It is one regular expression, which takes 0.3 µs a frame; JSON.parse and zod take 1.2 µs.
 */
export function usualDecoder<M>({ wire, sample }: Pick<Feed<M>, "wire" | "sample">): Decoder | undefined {
  const { shape = {} } = wire as { shape?: Record<string, unknown> };
  const { data }: { data: Record<string, unknown> } = JSON.parse(sample);
  const fields: { name: string; read: (text: string) => unknown }[] = [];
  const constants: Record<string, unknown> = {};
  const parts: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    const schema = shape[name];
    const isOptional = schema instanceof z.ZodOptional;
    const { type } = fieldType(isOptional ? schema.unwrap() : schema) ?? {};
    if (type && type !== "json") {
      fields.push({ name, read: readers[type] });
      const part = `"${name}":${patterns[type]}`;
      parts.push(isOptional ? `(?:${part})?` : part);
    } else if (schema instanceof z.ZodLiteral) {
      constants[name] = value;
      parts.push(`"${name}":${JSON.stringify(value)}`);
    } else if (!(name in shape) && (typeof value) in ignored) {
      parts.push(`(?:"${name}":${ignored[typeof value]})?`);
    } else return undefined;
  }
  if (Object.keys(shape).some((name) => !(name in data))) return undefined;

  // Each field but the first has a comma before it. If the field is absent, so is the comma.
  const body = parts.map((part, i) => i === 0 ? part : part.replace(/^(\(\?:)?/, "$1,")).join("");
  const pattern = new RegExp(`^{"stream":"(${plain})","data":{${body}}}$`);
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const payload = { ...constants };
    for (let i = 0; i < fields.length; i++) {
      const found = match[i + 2];
      if (found !== undefined) payload[fields[i].name] = fields[i].read(found);
    }
    return { stream: match[1], payload };
  };
}
