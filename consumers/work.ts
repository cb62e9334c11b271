import type { Config } from "../shared/config/config.ts";
import { groupName, openKafka, topicName } from "../shared/kafka/mod.ts";
import type { Log } from "../shared/log.ts";
import { connect } from "../shared/postgres/mod.ts";
import type { Work } from "../shared/stall.ts";
import type { Stream } from "../shared/stream.ts";
import type { Meter } from "./meter.ts";

/** A consumer's work, as a watch for stalls sees it: offsets that are not committed, in Kafka's own words. */
export function createWork<M extends { symbol: string }>(
  stream: Stream<M>,
  config: Config,
  meter: Pick<Meter, "commits" | "assigned" | "isTroubled" | "report">,
  log: Log,
): Omit<Work, "renew"> {
  return {
    name: `the storing of ${topicName(config.kafka, stream)}`,
    // Not messages: those of a topic that was made anew are not counted a second time, and others' aborted transactions have none.
    done: () => meter.commits,
    async waiting() {
      // Another connection would be told the same.
      if (meter.isTroubled("database")) throw new Error("the database refuses, or is away");
      const { stuck } = meter.report();
      if (stuck) throw new Error(`a person must act: ${stuck}`);
      await askDatabase(config.database, log);
      return await openKafka(config.kafka, log)
        .messagesBehind(groupName(config.kafka, stream), topicName(config.kafka, stream), meter.assigned);
    },
  };
}

/** @throws if the database does not answer */
async function askDatabase(database: Config["database"], log: Log): Promise<void> {
  const sql = connect(database, log);
  try {
    await sql`select 1`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
