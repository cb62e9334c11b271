import { silent } from "./silent.ts";
import { readConfig } from "../shared/config/config.ts";
import { createClient } from "../shared/kafka/client.ts";
import { until } from "./until.ts";

/** A group for each partition of the groups' topic, by the hashes of their names: `offsets.topic.num.partitions` is 4. */
const groups = ["a", "b", "c", "d"];

/**
 * Waits until a Kafka that has just started has created the groups' topic and leads its partitions. A consumer that joins earlier
 * fails. Our loop tries again, but a test that reads by itself would wait for ever.
 */
export async function untilGroupsAreLed(bootstrap: string): Promise<void> {
  const { kafka } = readConfig({ BOOTSTRAP_SERVER: bootstrap });
  const admin = createClient(kafka, silent).admin();
  await admin.connect();
  try {
    for (const groupId of groups) {
      await until("Kafka's groups", () => admin.fetchOffsets({ groupId }).then(() => true, () => false));
    }
  } finally {
    await admin.disconnect();
  }
}
