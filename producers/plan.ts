import type { ExchangeMessage, Stream } from "../shared/stream.ts";
import type { WorkerPlan } from "../shared/worker.ts";
import { produceFromSocket, type ProducerSlice, producerSlices } from "./produce.ts";

/** The worker that puts on Kafka what the exchange sends of a stream. */
export function producerOf<M extends ExchangeMessage>(
  stream: Stream<M>,
): WorkerPlan<ProducerSlice> {
  return {
    name: `${stream.message.name}:produce`,
    stream: stream.message.name,
    slices: producerSlices,
    options: stream.feed?.options,
    run: (worker) => produceFromSocket(stream, worker),
  };
}
