import type { Stream, StreamMessage } from "../shared/stream.ts";
import type { WorkerPlan } from "../shared/worker.ts";
import { consume, type ConsumerSlice, consumerSlices } from "./consume.ts";
import { createSink } from "./postgres/sink.ts";

/** The worker that stores a stream's messages in its table. */
export function consumerOf<M extends StreamMessage>(stream: Stream<M>): WorkerPlan<ConsumerSlice> {
  return {
    name: `${stream.message.name}:consume`,
    stream: stream.message.name,
    slices: consumerSlices,
    run: (worker) =>
      consume(stream.message, () => createSink(stream, worker.config.database, worker.log), worker),
  };
}
