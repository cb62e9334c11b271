import { readConfig, type SliceName } from "../config/config.ts";
import type { Environment } from "../config/variables.ts";

/**
 * The name by which a process of these slices of the configuration differs from others of its host. Producers of one stream beside each
 * other share their KAFKA_GROUP_ID, and have a PRODUCER_NAME each.
 * @throws {ConfigError} if the slice that has the name is wrong
 */
export function processName(
  slices: readonly SliceName[],
  env: Environment = Deno.env.toObject(),
): string {
  return slices.includes("producer")
    ? readConfig(env, ["producer"]).producerName
    : readConfig(env, ["kafka"]).kafka.groupId;
}
