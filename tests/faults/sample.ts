import type { Stream, StreamMessage } from "../../shared/stream.ts";

/** The message that a stream's own sample frame makes, as if it came now. */
export function sampleOf<M extends StreamMessage>({ feed }: Stream<M>): M {
  return feed!.toMessages(feed!.wire.parse(JSON.parse(feed!.sample).data), Date.now())[0];
}
