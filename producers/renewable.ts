import type { Outgoing, Producer, Unsent } from "../shared/kafka/mod.ts";

/** A producer that can be begun anew. */
export interface RenewableProducer extends Pick<Producer, "trySend">, AsyncDisposable {
  /** Goes on with new connections. A send that is under way is given up: for all we know, nothing of it is acked. */
  renew(): void;
}

/** A producer that is made by `create`, at first and at each `renew`. */
export function createRenewableProducer(create: () => Producer): RenewableProducer {
  let producer = create();
  let giveUp = () => {};
  return {
    async trySend<M extends Outgoing>(messages: readonly M[]) {
      const { promise, resolve, reject } = Promise.withResolvers<Unsent<M>[]>();
      giveUp = () => {
        const error = new Error("it was given up, to begin anew");
        resolve(messages.map((message) => ({ message, error })));
      };
      producer.trySend(messages).then(resolve, reject);
      return await promise;
    },
    renew() {
      // One that hangs is not waited for.
      Promise.resolve(producer[Symbol.asyncDispose]()).catch(() => {});
      producer = create();
      giveUp();
    },
    [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
  };
}
