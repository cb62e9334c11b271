import type kafkajs from "kafkajs";
import { forgetClosed, leadersOf, prepare } from "./cluster.ts";
import type { FetchedPartition } from "./patches/fetch.ts";
import { createCluster } from "./patches/own_cluster.ts";
import { FETCH_BYTES } from "./portion.ts";
import type { Extent, Offsets } from "./position.ts";

/** Fetches from a topic's partitions, by connections of its own. It does not retry: who calls it does. */
export interface Fetcher {
  /** The ids of the topic's partitions, as last heard of. */
  partitions(): Promise<number[]>;
  /** Where these partitions begin and end. */
  extentOf(partitions: readonly number[]): Promise<Extent>;
  /**
   * Fetches once from each broker that leads one of the partitions, from the given offsets on. What one broker has is returned though
   * another one fails.
   * @throws what a broker says, if no message is fetched or an offset is out of its range
   */
  fetch(places: Offsets, limits: Limits): Promise<FetchedPartition[]>;
  /** Closes the connections, once what is under way is answered. */
  close(): Promise<void>;
}

/** What a fetch takes. */
export interface Limits {
  /** How long a broker waits for messages to come where there are none, in ms. */
  readonly waitMs: number;
  /** Bytes of one partition, as they are packed. A batch that is larger comes alone. */
  readonly bytes: number;
}

/** Whether a broker does not have the offset from which it was to read. */
export const isOutOfRange = (error: unknown) => (error as { type?: string }).type === "OFFSET_OUT_OF_RANGE";

/** A fetcher that connects at the first use. */
export function createFetcher(client: kafkajs.Kafka, topic: string): Fetcher {
  const cluster = createCluster(client);
  let isStale = false;

  const leaders = async () => {
    await prepare(cluster, topic, isStale);
    isStale = false;
    return leadersOf(cluster, topic);
  };
  const offsets = async (partitions: readonly number[], fromBeginning: boolean) => {
    const wanted = partitions.map((partition) => ({ partition }));
    try {
      const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: wanted, fromBeginning }]);
      return new Map(found.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    } catch (error) {
      isStale = true;
      forgetClosed(cluster, error);
      throw error;
    }
  };
  const request = async (
    nodeId: number,
    places: readonly (readonly [number, number])[],
    { waitMs, bytes }: Limits,
  ) => {
    const partitions = places.map(([partition, offset]) => ({
      partition,
      fetchOffset: String(offset),
      maxBytes: bytes,
    }));
    try {
      const broker = await cluster.findBroker({ nodeId });
      const topics = [{ topic, partitions }];
      const { responses } = await broker.fetch({
        maxWaitTime: waitMs,
        minBytes: 1,
        maxBytes: FETCH_BYTES,
        topics,
      });
      return responses.flatMap(({ partitions }) => partitions);
    } catch (error) {
      forgetClosed(cluster, error);
      throw error;
    }
  };

  return {
    partitions: async () => [...(await leaders()).keys()],
    async extentOf(partitions) {
      await leaders();
      const [low, high] = [await offsets(partitions, true), await offsets(partitions, false)];
      return partitions.map((partition) => ({
        partition,
        low: low.get(partition)!,
        high: high.get(partition)!,
      }));
    },
    async fetch(places, limits) {
      const led = await leaders();
      const byLeader = Map.groupBy(places, ([partition]) => led.get(partition) ?? -1);
      const answers = await Promise.allSettled(
        [...byLeader].map(([leader, some]) => request(leader, some, limits)),
      );
      const fetched = answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
      const faults = answers.flatMap((answer) => answer.status === "rejected" ? [answer.reason] : []);
      isStale = faults.length > 0;
      const outOfRange = faults.find(isOutOfRange);
      if (outOfRange) throw outOfRange;
      if (faults.length > 0 && fetched.every(({ messages }) => messages.length === 0)) throw faults[0];
      return fetched;
    },
    close: () => cluster.disconnect(),
  };
}
