import { getHeapStatistics } from "node:v8";
import { ConfigError } from "../shared/config/config.ts";

/**
 * Checks that the runtime's heap has room for two full buffers: of the stream's messages, and of its dead letters.
 * @throws {ConfigError} if it does not
 */
export function requireHeap(bufferBytes: number, heapBytes = getHeapStatistics().heap_size_limit): void {
  if (bufferBytes <= heapBytes / 2) return;
  throw new ConfigError(
    `Cannot use BUFFER_BYTES: it is ${bufferBytes}, more than half of the ${heapBytes} bytes of heap that the runtime gives this ` +
      `process. Example: BUFFER_BYTES=${
        64 * 2 ** 20
      }, or more heap by --v8-flags=--max-old-space-size=MEGABYTES`,
  );
}
