import kafkajs from "kafkajs";
import { ConfigError } from "../config/config.ts";
import type { Log } from "../log.ts";

const DAY_MS = 86_400_000;

/**
 * Looks at the settings of topics that exist. A retention of less than a day is warned of.
 * @throws {ConfigError} if a topic is compacted: Kafka then deletes all messages of a symbol but the newest
 */
export async function checkSettings(
  admin: kafkajs.Admin,
  topics: readonly string[],
  log: Log,
): Promise<void> {
  if (topics.length === 0) return;
  const names = ["cleanup.policy", "retention.ms"];
  const resources = topics.map((name) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name,
    configNames: names,
  }));
  const described = await admin.describeConfigs({ resources, includeSynonyms: false }).catch((error) => {
    if (!isForbidden(error)) throw error;
    log.debug("the topics' settings can't be checked: the account may not describe them", { topics });
  });
  for (const { resourceName, configEntries } of described?.resources ?? []) {
    const [policy, retention] = names.map((name) =>
      configEntries.find(({ configName }) => configName === name)?.configValue
    );
    if (policy?.includes("compact")) throw new ConfigError(compacted(resourceName, policy));
    const kept = Number(retention ?? -1);
    if (kept >= 0 && kept < DAY_MS) {
      log.warn("the topic keeps messages for less than a day: what is not stored by then is lost", {
        topic: resourceName,
        retention_hours: Math.round(kept / 360_000) / 10,
      });
    }
  }
}

function compacted(topic: string, policy: string): string {
  return `Cannot use the topic ${topic}: its cleanup.policy is ${policy}, with which Kafka keeps only the newest message ` +
    `of each symbol. Change it: kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name ` +
    `${topic} --add-config cleanup.policy=delete`;
}

function isForbidden(error: unknown): boolean {
  return String((error as { type?: string }).type).endsWith("_AUTHORIZATION_FAILED");
}
