import BrokerPool from "kafkajs/src/cluster/brokerPool.js";
import { KafkaJSBrokerNotFound } from "kafkajs/src/errors.js";
import { firstAnswer } from "../first_answer.ts";

/**
 * Patches kafkajs 2.2.4 (issue 1439): it sends requests that any broker can answer, such as who leads a partition, to one broker at
 * random. If that broker is down or frozen, the request fails. With the patch another broker is asked after a second, or at once
 * if the first one fails. The same holds for the configured brokers at the start.
 */

/** How long to wait for a broker before another one is asked, too, in ms. */
const AFTER_MS = 1_000;
/** How many of the configured brokers one attempt tries; the next attempt tries those that follow. */
const SEEDS = 3;

interface Broker {
  readonly versions: unknown;
  readonly connectionPool: { readonly host: string; readonly port: number };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  metadata(topics: readonly string[]): Promise<unknown>;
}

interface Pool {
  brokers: Record<string, Broker>;
  seedBroker?: Broker;
  versions: unknown;
  readonly rootLogger: unknown;
  readonly connectionPoolBuilder: { build(): Promise<Broker["connectionPool"]> };
  readonly retrier: <T>(attempt: (bail: (error: unknown) => void) => Promise<T>) => Promise<T>;
  createBroker(options: object): Broker;
  hasConnectedBrokers(): boolean;
  connect(): Promise<void>;
  findBroker(options: { nodeId: string }): Promise<Broker>;
}

/** The ids of all brokers, those with a connection first, else in any order. */
function nodeIds({ brokers }: Pool): string[] {
  return Object.keys(brokers)
    .map((id) => ({ id, place: Math.random() + (brokers[id].isConnected() ? 0 : 1) }))
    .sort((a, b) => a.place - b.place)
    .map(({ id }) => id);
}

BrokerPool.prototype.withBroker = async function <T>(
  this: Pool,
  ask: (one: { nodeId: string; broker: Broker }) => Promise<T>,
): Promise<T> {
  const known = nodeIds(this);
  if (known.length === 0) throw new KafkaJSBrokerNotFound("No broker is known");
  const asks = known.map((nodeId) => async () => ask({ nodeId, broker: await this.findBroker({ nodeId }) }));
  return await firstAnswer(asks, AFTER_MS);
};

/** For kafkajs' `refreshMetadata`, which asks nothing else of it. */
BrokerPool.prototype.findConnectedBroker = async function (this: Pool): Promise<Pick<Broker, "metadata">> {
  const known = nodeIds(this);
  if (!this.seedBroker || known.length === 0) await this.connect();
  return {
    metadata: (topics) => {
      const asks = known.map((nodeId) => async () => (await this.findBroker({ nodeId })).metadata(topics));
      const askAnew = async () => {
        await this.connect();
        return await this.seedBroker!.metadata(topics);
      };
      return firstAnswer([...asks, askAnew], AFTER_MS);
    },
  };
};

BrokerPool.prototype.connect = async function (this: Pool): Promise<void> {
  if (this.hasConnectedBrokers()) return;
  await this.retrier(async (bail) => {
    const pools = await Promise.all(Array.from({ length: SEEDS }, () => this.connectionPoolBuilder.build()));
    const byAddress = new Map(pools.map((pool) => [`${pool.host}:${pool.port}`, pool]));
    const asks = [...byAddress.values()].map((connectionPool) => () => connectSeed(this, connectionPool));
    let seed: Broker | undefined;
    const first = (ask: () => Promise<Broker>) => async () => {
      const broker = await ask();
      // One that comes too late is not needed.
      if (seed) await broker.disconnect();
      return seed ??= broker;
    };
    try {
      this.seedBroker = await firstAnswer(asks.map(first), AFTER_MS);
      this.versions = this.seedBroker.versions;
    } catch (error) {
      if ((error as { retriable?: boolean }).retriable) throw error;
      bail(error);
    }
  });
};

async function connectSeed(pool: Pool, connectionPool: Broker["connectionPool"]): Promise<Broker> {
  const broker = pool.createBroker({ connectionPool, logger: pool.rootLogger });
  try {
    await broker.connect();
    return broker;
  } catch (error) {
    await broker.disconnect();
    throw error;
  }
}
