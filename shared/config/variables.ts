import { z } from "zod";

/** A variable of the environment. */
export interface Variable<S extends z.ZodType = z.ZodType> {
  /** Parses the text without spaces around it; undefined if the text is empty and there is no fallback. */
  readonly schema: S;
  /** A good value, for error messages. */
  readonly example: string;
  /** The text that is used if the variable is unset or empty. */
  readonly fallback?: string;
  /** The value is never shown, and it keeps the spaces around it. */
  readonly isSecret?: boolean;
}

/** Variables by their names. */
export type Variables = Readonly<Record<string, Variable>>;

/** The values of variables, as their schemas parse them. */
export type Values<V extends Variables> = { readonly [N in keyof V]: z.output<V[N]["schema"]> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Takes a fault of a variable. `why` continues the sentence "it …". */
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

/** A comma-separated list. */
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

/** Reads variables. An empty value counts as unset. If `fault` is called for a variable, its value is undefined. */
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
