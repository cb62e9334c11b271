import { type Servers, startServers } from "./servers.ts";

/**
 * Does work on `count` sets of servers at the same time, until `next` returns no more. A scenario waits most of the time for what
 * it broke, so several at once take little longer than one. `work` returns whether its servers can be used again.
 */
export async function runSideBySide<T>(
  count: number,
  next: () => T | undefined,
  work: (servers: Servers, item: T) => Promise<boolean>,
  start: () => Promise<Servers> = startServers,
): Promise<void> {
  const runOnOwnServers = async () => {
    for (let item = next(); item !== undefined;) {
      await using servers = await start();
      for (let good = true; good && item !== undefined; item = next()) good = await work(servers, item);
    }
  };
  await Promise.all(Array.from({ length: count }, runOnOwnServers));
}
