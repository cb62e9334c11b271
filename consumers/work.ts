import type { Config } from "../shared/config/config.ts";
import { groupName, openKafka, topicName } from "../shared/kafka/mod.ts";
import type { Log } from "../shared/log.ts";
import type { Work } from "../shared/stall.ts";
import type { MessageType } from "../shared/stream.ts";
import type { Meter } from "./meter.ts";
import type { Sink } from "./sink.ts";

/** A consumer's work, as a watch for stalls sees it: offsets that are not committed, in Kafka's own words. */
export function createWork<M extends { symbol: string }>(
  type: MessageType<M>,
  sink: Pick<Sink<M>, "ping">,
  config: Config["kafka"],
  meter: Pick<Meter, "commits" | "assigned" | "isTroubled" | "report">,
  log: Log,
): Omit<Work, "renew"> {
  return {
    name: `the storing of ${topicName(config, type)}`,
    // Not messages: those of a topic that was made anew are not counted a second time, and others' aborted transactions have none.
    done: () => meter.commits,
    async waiting() {
      // Another connection would be told the same.
      if (meter.isTroubled("database")) throw new Error("the database refuses, or is away");
      const { stuck } = meter.report();
      if (stuck) throw new Error(`a person must act: ${stuck}`);
      await sink.ping();
      return await openKafka(config, log)
        .messagesBehind(groupName(config, type), topicName(config, type), meter.assigned);
    },
  };
}
