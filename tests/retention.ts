import type { Config } from "../shared/config/config.ts";
import { createClient } from "../shared/kafka/client.ts";
import { silent } from "./silent.ts";

/** Deletes a partition's messages before the offset, as Kafka's retention does in time. */
export async function deleteBefore(
  config: Config["kafka"],
  place: { topic: string; partition: number; offset: number },
): Promise<void> {
  const { topic, partition, offset } = place;
  const admin = createClient(config, silent).admin();
  await admin.connect();
  await admin.fetchTopicOffsets(topic); // kafkajs does not know the topic's partitions otherwise
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  await admin.disconnect();
}
