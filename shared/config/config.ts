import { usualMarket } from "../exchange/markets/mod.ts";
import { marketIn, slicesOf } from "./slices.ts";
import { type Environment, type Fault, readVariables, type Values, type Variables } from "./variables.ts";

export type { KafkaConfig } from "./slices.ts";

/** The environment is wrong. The message has a line for each variable. A retry does not help: a person must change it. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

type Slices = ReturnType<typeof slicesOf>;
export type SliceName = keyof Slices;
export const sliceNames = Object.keys(slicesOf(usualMarket)) as SliceName[];

type Made<N extends SliceName> = ReturnType<ReturnType<Slices[N]["read"]>>;
type All =
  & Made<"running">
  & Made<"kafka">
  & Made<"database">
  & Made<"exchange">
  & Made<"archive">
  & Made<"producer">;
type FieldOf<N extends SliceName> = N extends SliceName ? keyof Made<N> : never;

/** A worker's configuration: what all use, and of the named slices. */
export type Config<N extends SliceName = SliceName> = Pick<All, FieldOf<N | "running">>;

/** The variables that these slices read. */
export function variablesOf(names: readonly SliceName[]): Variables {
  const slices = slicesOf(usualMarket);
  return Object.assign({}, ...names.map((name) => slices[name].variables));
}

/**
 * Reads and checks the variables of the named slices, by default of all, and those that all workers use. An empty value counts as
 * unset. Other variables are not read.
 * @throws {ConfigError} naming each variable that is wrong, what is wrong with it, and an example
 */
export function readConfig<N extends SliceName = SliceName>(
  env: Environment = Deno.env.toObject(),
  names: readonly N[] = sliceNames as N[],
): Config<N> {
  return withFaults((fault, faults) => {
    faults.push(...misnamed(env));
    const slices = slicesOf(marketIn(env));
    const makes = [...new Set<SliceName>(["running", ...names])].map((name) => slices[name].read(env, fault));
    return () => Object.assign({}, ...makes.map((make) => make()));
  });
}

/**
 * Reads and checks what a stream declares of its own.
 * @throws {ConfigError} as `readConfig` does
 */
export function readOptions<V extends Variables>(
  variables: V,
  env: Environment = Deno.env.toObject(),
): Values<V> {
  return withFaults((fault) => {
    const values = readVariables(variables, env, fault);
    return () => values;
  });
}

/** What `read` makes, unless it tells of faults. */
function withFaults<T>(read: (fault: Fault, faults: string[]) => () => T): T {
  const faults: string[] = [];
  const make = read(
    (name, why, example) => faults.push(`Cannot use ${name}: it ${why}. Example: ${name}=${example}`),
    faults,
  );
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  return make();
}

function misnamed(env: Environment): string[] {
  return Object.keys(env).filter((name) => name.startsWith("\uFEFF")).map((name) =>
    `Cannot use ${
      name.slice(1)
    }: it has another name, since .env begins with a byte order mark. Save it as UTF-8 without`
  );
}
