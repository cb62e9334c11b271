import { type Servers, startServers } from "./servers.ts";

/**
 * Does work side by side, each lane on servers of its own, until `next` has no more. Most of the time a scenario waits for
 * what it broke, and so several at once take little longer than one. `work` tells whether the servers are still good.
 */
export async function runSideBySide<T>(
  count: number,
  next: () => T | undefined,
  work: (servers: Servers, item: T) => Promise<boolean>,
  start: () => Promise<Servers> = startServers,
): Promise<void> {
  const runLane = async () => {
    for (let item = next(); item !== undefined;) {
      await using servers = await start();
      for (let good = true; good && item !== undefined; item = next()) good = await work(servers, item);
    }
  };
  await Promise.all(Array.from({ length: count }, runLane));
}
