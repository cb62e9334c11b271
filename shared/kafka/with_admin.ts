import type kafkajs from "kafkajs";
import { retryUntil } from "../poll.ts";
import { kafkaFaultPasses } from "./client.ts";

/** For how long, and how often, an admin's work is repeated: another broker leads a killed one's partitions within that. */
const REPEAT = { ms: 5_000, pauseMs: 50 };

/**
 * Runs `use` with a connected admin client, which is closed afterwards. If a broker that `use` asked leads no longer, does not lead yet
 * or can't be reached, `use` runs again with a new client for up to 5 s: kafkajs gives up at once, and keeps metadata for minutes.
 * Each run therefore begins with new metadata, and `use` must be safe to run twice.
 * @throws what `use` throws if that can't pass, or has not passed in time; at once if no broker can be reached
 */
export async function withAdmin<T>(
  client: kafkajs.Kafka,
  use: (admin: kafkajs.Admin) => Promise<T>,
): Promise<T> {
  let isReached = false;
  const run = async () => {
    const admin = client.admin();
    isReached = false;
    await admin.connect();
    isReached = true;
    try {
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  };
  return await retryUntil(run, REPEAT, (error) => isReached && kafkaFaultPasses(error));
}
