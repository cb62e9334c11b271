import type { Config } from "../../shared/config/config.ts";
import { deadLetterTopic, groupName, kafkaFault, openKafka, topicName } from "../../shared/kafka/mod.ts";
import type { Log } from "../../shared/log.ts";
import { retryUntil } from "../../shared/poll.ts";
import type { Stream } from "../../shared/stream.ts";

/** How long a Kafka that has just started may take until it serves consumer groups, in ms. */
const READY_MS = 15_000;

/**
 * Makes the topics, and waits until Kafka serves consumer groups, which at its very first start it has to make room for:
 * consumers that come earlier are turned away, and come back after a pause.
 * @throws {Error} saying what is wrong with Kafka
 */
export async function makeTopics(
  streams: readonly Stream[],
  config: Config["kafka"],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const kafka = openKafka(config, log);
  const topics = streams.map((stream) => topicName(config, stream.message));
  const make = async () => {
    await kafka.ensureTopics([...topics, ...topics.map(deadLetterTopic)]);
    for (const [i, topic] of topics.entries()) {
      await kafka.messagesBehind(groupName(config, streams[i].message), topic);
    }
  };
  await retryUntil(make, { ms: READY_MS, pauseMs: 200, signal }).catch((error) => {
    signal.throwIfAborted();
    throw new Error(kafkaFault(config, error), { cause: error });
  });
}
