import type { Config } from "../shared/config/config.ts";
import { groupName, openKafka, topicName } from "../shared/kafka/mod.ts";
import type { Log } from "../shared/log.ts";
import type { Work } from "../shared/stall.ts";
import type { MessageType, StreamMessage } from "../shared/stream.ts";
import type { Meter } from "./meter.ts";
import type { Sink } from "./sink.ts";

/** A consumer's work for the watch for stalls: what waits are offsets that are not committed, as Kafka counts them. */
export function createWork<M extends StreamMessage>(
  type: MessageType<M>,
  sink: Pick<Sink<M>, "ping">,
  config: Config["kafka"],
  meter: Pick<Meter, "commits" | "assigned" | "isTroubled" | "report">,
  log: Log,
): Omit<Work, "renew"> {
  return {
    name: `the storing of ${topicName(config, type)}`,
    // Commits, not messages: those of a topic that was created again are not counted again, and aborted transactions have none.
    done: () => meter.commits,
    async waiting() {
      // A new connection would get the same answer.
      if (meter.isTroubled("database")) throw new Error("the database refuses, or is away");
      const { stuck } = meter.report();
      if (stuck) throw new Error(`a person must act: ${stuck}`);
      await sink.ping();
      return await openKafka(config, log)
        .messagesBehind(groupName(config, type), topicName(config, type), meter.assigned);
    },
  };
}
