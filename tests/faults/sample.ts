import type { Stream } from "../../shared/stream.ts";

/** The message that a stream's own sample frame makes, as if it came now. */
export function sampleOf<M extends { symbol: string }>({ exchange }: Stream<M>): M {
  return exchange!.toMessage(exchange!.wire.parse(JSON.parse(exchange!.sample).data), Date.now());
}
