import { createLog } from "../shared/log.ts";

/** A log that keeps a test's output clean. */
export const silent = createLog("test", "error", () => {});
