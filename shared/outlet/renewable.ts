import type { Outgoing, Producer, Unsent } from "../kafka/mod.ts";

/** A Kafka producer that can be replaced by a new one. */
export interface RenewableProducer extends Pick<Producer, "trySend">, AsyncDisposable {
  /** Replaces the producer by one with new connections. A send under way is given up and counts as not acked. */
  renew(): void;
}

/** Uses a producer that `create` makes, and another one after each `renew`. */
export function createRenewableProducer(create: () => Producer): RenewableProducer {
  let producer = create();
  let giveUp = () => {};
  return {
    async trySend<M extends Outgoing>(messages: readonly M[]) {
      const { promise, resolve, reject } = Promise.withResolvers<Unsent<M>[]>();
      giveUp = () => {
        const error = new Error("it was given up for a new connection");
        resolve(messages.map((message) => ({ message, error })));
      };
      producer.trySend(messages).then(resolve, reject);
      return await promise;
    },
    renew() {
      // Closing the old one may hang, so nothing waits for it.
      Promise.resolve(producer[Symbol.asyncDispose]()).catch(() => {});
      producer = create();
      giveUp();
    },
    [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
  };
}
