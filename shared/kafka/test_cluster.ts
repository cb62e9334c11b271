import { Buffer } from "node:buffer";
import type kafkajs from "kafkajs";
import createConsumer from "kafkajs/src/consumer/index.js";
import { MemberAssignment } from "kafkajs/src/consumer/assignerProtocol.js";
import { sleep } from "../wait.ts";
import { bundle } from "./patches/fetch.ts";
import { encodeRecordBatch } from "./record_batch.ts";

/** What the brokers of a test do. */
interface Behaviour {
  /** Answers each request to join the group. */
  readonly join?: () => Promise<void>;
  /** Answers each heartbeat. */
  readonly heartbeat?: () => Promise<void>;
  /** Answers each fetch with the offsets of what is there from `from` on; by itself, soon, that there is nothing new. */
  readonly fetch?: (nodeId: number, from: number) => Promise<number[] | void>;
}

interface FetchRequest {
  readonly topics: readonly { readonly partitions: readonly { partition: number; fetchOffset: string }[] }[];
}

/** Messages of one record batch. */
export const BATCH = 10_000;

function* chunks(offsets: readonly number[]): Generator<readonly number[]> {
  for (let at = 0; at < offsets.length; at += BATCH) yield offsets.slice(at, at + BATCH);
}

function batchOf(offsets: readonly number[]): Buffer {
  const bytes = encodeRecordBatch(offsets.map(() => ({ key: null, value: "" })), 0);
  bytes.writeBigInt64BE(BigInt(offsets[0]));
  return bytes;
}

/** A client whose consumers are kafkajs' own, on two brokers that are not: each leads one partition of `topic`. */
export function testClient(topic: string, behaviour: Behaviour): kafkajs.Kafka {
  const nothing = () => Promise.resolve();
  const { join, heartbeat = nothing, fetch = () => sleep(10) } = behaviour;
  let joining = Promise.resolve();
  const coordinator = {
    isConnected: () => true,
    async joinGroup() {
      await (joining = join?.() ?? joining);
      return { generationId: 1, leaderId: "another", memberId: "this", members: [] };
    },
    syncGroup: () =>
      Promise.resolve({
        memberAssignment: MemberAssignment.encode({ version: 0, assignment: { [topic]: [0, 1] } }),
      }),
    heartbeat,
    leaveGroup: nothing,
    offsetFetch: () =>
      Promise.resolve({
        responses: [{ topic, partitions: [0, 1].map((partition) => ({ partition, offset: "0" })) }],
      }),
  };
  const committed = {};
  const cluster = {
    connect: nothing,
    disconnect: () => joining.catch(() => {}), // as connections do, which wait for what is under way
    addMultipleTargetTopics: nothing,
    refreshMetadata: nothing,
    refreshMetadataIfNecessary: nothing,
    getNodeIds: () => [1, 2],
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }, { partitionId: 1, leader: 2 }],
    findGroupCoordinator: () => Promise.resolve(coordinator),
    committedOffsets: () => committed,
    findBroker: ({ nodeId }: { nodeId: string }) =>
      Promise.resolve({
        async fetch({ topics: [{ partitions: [{ partition, fetchOffset }] }] }: FetchRequest) {
          const offsets = await fetch(Number(nodeId), Number(fetchOffset));
          if (!offsets) return { responses: [] };
          const end = (offsets.at(-1) ?? Number(fetchOffset) - 1) + 1;
          const batches = [...chunks(offsets)].map(batchOf);
          const messages = bundle({ bytes: Buffer.concat(batches), aborted: [], end });
          const found = { partition, messages, highWatermark: String(end), abortedTransactions: [] };
          return { responses: [{ topicName: topic, partitions: [found] }] };
        },
      }),
  };
  const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} };
  const admin = {
    connect: nothing,
    disconnect: nothing,
    fetchOffsets: () => Promise.resolve([{ partitions: [] }]),
  };
  return {
    admin: () => admin,
    consumer: (options: object) => createConsumer({ cluster, logger, ...options }),
    [Symbol("private:Kafka:createCluster")]: () => cluster,
  } as unknown as kafkajs.Kafka;
}
