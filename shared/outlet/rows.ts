import { newestOf, requireOrder, rowKey } from "../order.ts";
import type { MessageType, StreamMessage } from "../stream.ts";
import type { Rows } from "./queue.ts";

/**
 * How a full buffer merges the messages of this type; undefined if it drops the oldest instead.
 * @throws {Error} if their versions have no order
 */
export function rowsOf<M extends StreamMessage>(type: MessageType<M>): Rows | undefined {
  if (type.overflow === "drop") return undefined;
  requireOrder(type);
  const messageOf = ({ value }: { value: string | Uint8Array }) => type.codec.decode(String(value));
  return {
    key: (entry) => rowKey(type, messageOf(entry)),
    newestOf(stored, next) {
      const [first, second] = [messageOf(stored), messageOf(next)];
      const newest = newestOf(type, first, second);
      if (newest === first) return stored;
      return newest === second ? next : { ...next, value: type.codec.encode(newest) };
    },
  };
}
