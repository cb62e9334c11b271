import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
import { sleep } from "../../wait.ts";

/**
 * Patches kafkajs 2.2.4 (issues 267 and 335 report cases of it): a fetch that finds that a partition's leader has moved makes the
 * consumer rejoin its group, and all members read uncommitted messages again. A fetch that can't reach a leader fails, and after
 * five of them the consumer ends, even if other brokers answer. With the patch both cases look up the leader, and the next fetch
 * goes there.
 *
 * The consumer rejoins only for new partitions and for a topic that Kafka does not know: a topic that is created again has other
 * messages at the next offsets, and Kafka forgets the group's. This is reported as a rebalance, for which kafkajs ends all fetches
 * first. Otherwise a batch that arrives after the join would be processed without the messages that the join gave up.
 */
interface Group {
  readonly cluster: { refreshMetadata(): Promise<void> };
}

interface Fault extends Error {
  readonly type?: string;
  readonly broker?: string;
}

/** Types and names of errors after which another broker may lead. */
const moved = [
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_FOR_PARTITION",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "KafkaJSTopicMetadataNotLoaded",
  "KafkaJSBrokerNotFound",
];
/** Types and names of errors after which the group is joined anew. */
const anew = ["KafkaJSStaleTopicMetadataAssignment", "UNKNOWN_TOPIC_OR_PARTITION"];
/** Names of errors of a broker that can't be reached. */
const unreachable = ["KafkaJSConnectionError", "KafkaJSLockTimeout"];

/** Between an answer and the next question, in ms. */
const AGAIN_MS = 100;
/** A broker that can't be reached for so long, in ms, ends the consumer: nobody else leads what it led. */
const UNREACHABLE_MS = 30_000;

/** Of a group: since when each broker has not been reached, and when that was last seen. */
const outages = new WeakMap<object, Map<string, { since: number; seen: number }>>();

/** Notes that a broker can't be reached; returns for how long that has been so, in ms. */
function noteOutage(group: object, broker: string, now: number): number {
  const known = outages.get(group) ?? new Map();
  outages.set(group, known);
  const before = known.get(broker);
  // It fails at each fetch, or has been reached since.
  const since = before && now - before.seen < UNREACHABLE_MS / 2 ? before.since : now;
  known.set(broker, { since, seen: now });
  return now - since;
}

const kindOf = ({ type, name }: Fault) => type ?? name;

/** @throws what makes kafkajs join the group anew, where the error is one for that */
function joinIfAnew(error: Fault): void {
  if (!anew.includes(kindOf(error))) return;
  throw Object.assign(new Error(error.message, { cause: error }), { type: "REBALANCE_IN_PROGRESS" });
}

const { recoverFromFetch } = ConsumerGroup.prototype;

ConsumerGroup.prototype.recoverFromFetch = async function (this: Group, error: Fault): Promise<void> {
  const kind = kindOf(error);
  joinIfAnew(error);
  const isUnreachable = unreachable.includes(kind);
  if (!isUnreachable && !moved.includes(kind)) return await recoverFromFetch.call(this, error);
  if (isUnreachable && noteOutage(this, error.broker ?? kind, performance.now()) > UNREACHABLE_MS) {
    throw error;
  }
  await this.cluster.refreshMetadata().catch((fault) => {
    joinIfAnew(fault);
    throw fault;
  });
  await sleep(AGAIN_MS);
};
