import type { Config } from "../config/config.ts";
import { openKafka } from "../kafka/mod.ts";
import type { Log } from "../log.ts";
import type { Work } from "../stall.ts";
import type { Outlet } from "./outlet.ts";

/** An outlet's work, for `watchForStall`. */
export function workOf(outlet: Outlet, config: Config["kafka"], log: Log): Work {
  const { topic } = outlet;
  return {
    name: `the writing of ${topic}`,
    done: () => outlet.counts.acked,
    async waiting() {
      if (outlet.length === 0) return 0;
      // A new connection would get the same answer, and a process that ends loses what waits.
      if (outlet.trouble?.isAnswer) throw new Error(outlet.trouble.words);
      await openKafka(config, log).extentOf(topic);
      return outlet.length;
    },
    renew: outlet.renew,
  };
}
