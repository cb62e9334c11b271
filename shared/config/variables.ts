import { z } from "zod";

/** A variable of the environment: what its text must be, and what stands for an empty one. */
export interface Variable<S extends z.ZodType = z.ZodType> {
  /** From the text, without spaces around it; undefined where it is empty and there is no fallback. */
  readonly schema: S;
  /** For error messages. */
  readonly example: string;
  readonly fallback?: string;
  /** Its value is shown nowhere, and keeps the spaces around it. */
  readonly isSecret?: boolean;
}

/** Variables by their names. */
export type Variables = Readonly<Record<string, Variable>>;

/** What variables are read as. */
export type Values<V extends Variables> = { readonly [N in keyof V]: z.output<V[N]["schema"]> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Tells that a variable can't be used: it `why`. */
export type Fault = (name: string, why: string, example: string) => void;

export const variable = <S extends z.ZodType>(
  schema: S,
  example: string,
  fallback?: string,
): Variable<S> => ({
  schema,
  example,
  fallback,
});

export const secret = <S extends z.ZodType>(schema: S, example: string): Variable<S> => ({
  schema,
  example,
  isSecret: true,
});

/** A list, comma-separated. */
export const list = (item: z.ZodType<string, string>) =>
  z.string().transform((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== ""))
    .pipe(z.array(item).min(1, "names nothing"));

export const wholeNumber = (least: number, most: number) =>
  z.string().regex(/^\d+$/, "must be a whole number").transform(Number)
    .refine((n) => n >= least && n <= most, `must be from ${least} to ${most}`);

export const url = (...schemes: string[]) =>
  z.string().refine(
    (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)),
    `must be a ${schemes.join(":// or ")}:// URL`,
  );

/** Reads variables; an empty value counts as unset. The values of those that `fault` is told of are undefined. */
export function readVariables<V extends Variables>(variables: V, env: Environment, fault: Fault): Values<V> {
  const entries = Object.entries(variables).map(([name, { schema, example, fallback, isSecret }]) => {
    const text = env[name]?.trim();
    const parsed = schema.safeParse((text && isSecret ? env[name] : text) || fallback);
    if (!parsed.success) {
      fault(name, [...new Set(parsed.error.issues.map(({ message }) => message))].join(" and "), example);
    }
    return [name, parsed.data];
  });
  return Object.fromEntries(entries);
}
