import BrokerPool from "kafkajs/src/cluster/brokerPool.js";
import protocols from "kafkajs/src/protocol/requests/index.js";

/**
 * Patches kafkajs 2.2.4 (issue 1769): a partition without a leader fails every metadata request, so no other partition or topic can
 * be used. With the patch the request succeeds if each topic has a partition with a leader. Metadata that lacks a leader is
 * requested again after a second.
 */
interface Metadata {
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly partitionMetadata: readonly { readonly leader: number }[];
  }[];
}

const AGAIN_MS = 1_000;

const { Metadata } = protocols.requests;
const { protocol } = Metadata;

/** Whether each topic can be used, perhaps without some of its partitions. */
function isUsable({ topicMetadata }: Metadata): boolean {
  return topicMetadata.every(({ topicErrorCode, partitionMetadata }) =>
    topicErrorCode === 0 && partitionMetadata.some(({ leader }) => leader >= 0)
  );
}

Metadata.protocol = ({ version }: { version: number }) => (options: object) => {
  const { request, response } = protocol({ version })(options);
  const parse = (data: Metadata) => isUsable(data) ? Promise.resolve(data) : response.parse(data);
  return { request, response: { ...response, parse } };
};

interface Pool {
  metadata: Metadata | null;
  metadataExpireAt: number | null;
}

const { refreshMetadata } = BrokerPool.prototype;

BrokerPool.prototype.refreshMetadata = async function (this: Pool, topics: string[]): Promise<void> {
  await refreshMetadata.call(this, topics);
  const all = this.metadata?.topicMetadata.flatMap(({ partitionMetadata }) => partitionMetadata) ?? [];
  if (all.some(({ leader }) => leader < 0)) this.metadataExpireAt = Date.now() + AGAIN_MS;
};
