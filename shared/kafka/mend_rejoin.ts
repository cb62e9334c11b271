import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";

/**
 * Mends kafkajs 2.2.4: when a partition's leader has moved, the fetch that learns of it joins the group by itself, while
 * those from other brokers go on. Batches that wait to be stored are given up then, to be read again; but a fetch that was
 * under way is handed over after the joining, and reading goes on behind it: what was given up is never stored. Here it is
 * told as a rebalance, for which kafkajs ends all fetches before it joins.
 */
interface Group {
  cluster: { refreshMetadata(): Promise<void> };
}

/** As in kafkajs' `consumerGroup.js`. */
const staleMetadata = [
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_FOR_PARTITION",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "KafkaJSTopicMetadataNotLoaded",
  "KafkaJSStaleTopicMetadataAssignment",
];

const { recoverFromFetch } = ConsumerGroup.prototype;

ConsumerGroup.prototype.recoverFromFetch = async function (
  this: Group,
  error: Error & { readonly type?: string },
): Promise<void> {
  if (!staleMetadata.includes(error.type ?? error.name)) return await recoverFromFetch.call(this, error);
  await this.cluster.refreshMetadata();
  throw Object.assign(new Error(error.message, { cause: error }), { type: "REBALANCE_IN_PROGRESS" });
};
